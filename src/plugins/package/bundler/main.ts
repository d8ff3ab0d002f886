// What both of a bundler's processes run: `serve SDK [ADDON]`, which reads packages, or `launch ADDON PROGRAM …`, which
// becomes esbuild. Node runs it as one text (command.ts), under the permission model, and it may read no file.

import { launch } from './launch.ts';
import { serve } from './serve.ts';

const [role, first = '', ...more] = process.argv.slice(1);
if (role === 'launch') launch(first, more);
else serve(more[0], first);
