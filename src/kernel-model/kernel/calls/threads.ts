// System calls on threads, memory and messages.

import { ADDRESS_SPACE_PAGES, SLEEP_US_MAX } from '../../limits.ts';
import { ZEROS } from '../../vm/index.ts';
import { Completion } from '../../wait.ts';
import { BadArgument, type CallTable, missing, number, text } from './arguments.ts';

export const THREAD_CALLS: CallTable = {
  atOnce: {
    /** Maps pages of zeros. */
    map(_kernel, thread, [first, pages, writable]) {
      const space = thread.space ?? missing('address space');
      const region = { first: number(first), pages: number(pages), writable: writable !== false, object: ZEROS };
      if (region.pages === 0) throw new BadArgument('takes at least one page');
      if (region.first + region.pages > ADDRESS_SPACE_PAGES) throw new BadArgument('beyond the address space');
      const overlaps = space.regions.some(
        (one) => region.first < one.first + one.pages && one.first < region.first + region.pages,
      );
      if (overlaps) throw new BadArgument('pages that are taken');
      space.regions.push(region);
      return null;
    },
    /** Writes to a server and goes on at once; `poll` tells whether it has answered. */
    post: (kernel, thread, [port, value]) => kernel.ports.send(text(port), thread.id, value).id,
    poll(kernel, thread, [id]) {
      const letter = kernel.ports.letter(number(id), thread.id) ?? missing('letter');
      return letter.answered.settled ? { answer: letter.answer } : null;
    },
    reply: (kernel, _thread, [id, answer]) => kernel.ports.reply(number(id), answer),
  },
  waiting: {
    *sleep(kernel, _thread, [us]) {
      const done = new Completion();
      if (number(us) > SLEEP_US_MAX) throw new BadArgument('sleeps a day at most');
      kernel.events.at(kernel.events.now_us + number(us), () => done.settle());
      yield done;
      return null;
    },
    /** Gives up the rest of the slice. */
    *yield(kernel) {
      const done = new Completion();
      kernel.events.at(kernel.events.now_us, () => done.settle());
      yield done;
      return null;
    },
    /** Sends a request to a server, and waits for its reply. */
    *request(kernel, thread, [port, value]) {
      const letter = kernel.ports.send(text(port), thread.id, value);
      yield letter.answered;
      kernel.ports.close(letter);
      return letter.answer;
    },
    /** The next letter of a port. */
    *receive(kernel, _thread, [port]) {
      for (;;) {
        const letter = kernel.ports.next(text(port));
        if (!('settled' in letter)) return { id: letter.id, from: letter.from, value: letter.value };
        yield letter;
      }
    },
  },
};
