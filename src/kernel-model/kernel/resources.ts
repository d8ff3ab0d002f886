// The resources that kernel accounts count. A thread's account starts at zero, and so does a plugin's: the user that
// makes or installs it transfers units of its own.

export const KERNEL_RESOURCES = ['wired_pages', 'threads', 'open_files'] as const;
export const WIRED_PAGES = 0;
export const THREADS = 1;
export const OPEN_FILES = 2;
/** Chosen: 4.4BSD's soft limit. */
export const OPEN_FILES_PER_THREAD = 64;
