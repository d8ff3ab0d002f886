// Modules without types of their own.

declare module 'event-target-shim' {
  class Event {
    constructor(type: string, init?: object);
    readonly type: string;
  }
  class EventTarget {
    dispatchEvent(event: Event): boolean;
  }
  type Listener = ((event: Event) => unknown) | null;

  export { Event, EventTarget };
  export const getEventAttributeValue: (target: EventTarget, type: string) => Listener;
  export const setEventAttributeValue: (target: EventTarget, type: string, value: Listener) => void;
}

declare module 'whatwg-url/webidl2js-wrapper.js' {
  interface Interface {
    install(globals: object, names: readonly string[]): void;
  }
  export const URL: Interface;
  export const URLSearchParams: Interface;
}
