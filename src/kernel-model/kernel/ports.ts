// Messages between threads: a client sends a letter to a port, a server receives it and replies.

import { Completion, type Wait } from '../wait.ts';

export interface Letter {
  readonly id: number;
  readonly from: number;
  readonly value: unknown;
  readonly answered: Completion;
  answer: unknown;
}

interface Port {
  readonly letters: Letter[];
  arrival: Completion;
}

export class Ports {
  readonly #ports = new Map<string, Port>();
  readonly #open = new Map<number, Letter>();
  #lastId = 0;

  #port(name: string): Port {
    let port = this.#ports.get(name);
    if (port === undefined) {
      port = { letters: [], arrival: new Completion() };
      this.#ports.set(name, port);
    }
    return port;
  }

  send(name: string, from: number, value: unknown): Letter {
    const port = this.#port(name);
    const letter: Letter = { id: ++this.#lastId, from, value, answered: new Completion(), answer: null };
    this.#open.set(letter.id, letter);
    port.letters.push(letter);
    const { arrival } = port;
    port.arrival = new Completion();
    arrival.settle();
    return letter;
  }

  /** Forgets a letter: its sender waited for it, and has the answer. */
  close(letter: Letter): void {
    this.#open.delete(letter.id);
  }

  /** A thread has ended: its letters are delivered all the same, and their answers dropped. */
  forget(from: number): void {
    for (const letter of this.#open.values()) if (letter.from === from) this.#open.delete(letter.id);
  }

  /** The number of letters that wait for an answer, or for their sender to look at it. */
  get open(): number {
    return this.#open.size;
  }

  /** A letter that its sender has posted. After its answer was looked at, it is forgotten. */
  letter(id: number, from: number): Letter | undefined {
    const letter = this.#open.get(id);
    if (letter?.from !== from) return undefined;
    if (letter.answered.settled) this.#open.delete(id);
    return letter;
  }

  /** The next letter of a port, or the wait for it. */
  next(name: string): Letter | Wait {
    const port = this.#port(name);
    return port.letters.shift() ?? port.arrival;
  }

  /** Answers a letter. False: there is none of that number. */
  reply(id: number, answer: unknown): boolean {
    const letter = this.#open.get(id);
    if (letter === undefined || letter.answered.settled) return false;
    letter.answer = answer;
    letter.answered.settle();
    return true;
  }
}
