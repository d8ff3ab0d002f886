// Writes docs/compartments.md from the claims that the conformance suite tries:
// `node scripts/compartments-document.ts`.

import { writeFileSync } from 'node:fs';
import { claimsTable } from '../test/support/claims.ts';

writeFileSync(
  new URL('../docs/compartments.md', import.meta.url),
  `# Compartments

Where a plugin's code runs. Behind one interface (\`src/plugins/compartment/compartment.ts\`) stand nine kinds. Every
call is undone in the same way in each; what differs is in this table. It is generated from \`test/support/claims.ts\`;
the conformance suite (\`test/support/scenarios\`) tries every claim that can be tried and fails a kind that can do more
or less than it says. The header of each kind's file says what it does not stop.

A host (\`createHost\`) uses \`process\` unless it is told otherwise, and can be told one other kind:
\`createHost({ compartment: isolateMaker() })\`, with \`isolateMaker\` from \`graftwork/compartments\`. \`ses\` and
\`metered\` need a realm that is locked down (\`lockdownRealm\`), and a host's is none: its database library adds to
built-in objects when it is loaded, which a locked realm forbids, and a realm that has them already cannot be locked any
more. They serve programs without a database, such as the kernel model, and a browser.

${claimsTable()}

- **memory limit, CPU limit**: what ends a graft that hoards or loops. *None*: it takes its host along.
- **survives the engine's death**: what ends or wedges the engine that runs the graft leaves the host and its other
  plugins as they were.
- **waits**: a graft may call an accessor that makes it wait (a database, a lock, another graft point in a process).
  Where a kind cannot, install refuses such a graft.
- **promises**: of an \`async\` graft, they drain before the answer leaves; or are *no answer*, which aborts the call;
  or the plugin is refused when it is installed.
- **unhandled rejections**: they abort their call, unless the engine has collected the promise before the call ends;
  are lost; or are the host's own, and end a process that is not prepared for them. *None*: the kind has no promises.
- **arguments, checked by the host**: what an accessor is called with is plain data, which the host has found out for
  itself: *parsed* by it from text; *copied* as it is checked; or *shared*: the graft's own objects, which it may change
  afterwards.
- **fresh heap**: after an abort the plugin's own variables are as its module makes them.
- **the web's API**: a graft finds the globals that *The web's API* in \`docs/plugins.md\` lists, the same in each such
  kind. In \`direct\` it finds those of its host; in \`metered\` and \`wasm\` there are none.
- **columns**: memory of a point that its grafts see: *shared* with the host, or *copied* in before a call and out
  after it. *None*: a plugin for such a point is refused.
`,
);
