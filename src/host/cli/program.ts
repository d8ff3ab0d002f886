// The commands of `graftwork`, their options and help. Each command is a function in a file of its own that gives an
// exit code; the file is imported when the command is run.

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { GraftError, namesLike, unknownName } from '../../plugins/index.ts';
import { readPort } from '../server/index.ts';
import { serverUrl } from './client.ts';
import { checkJson } from './json.ts';
import { visible } from './text.ts';

const EXIT_CODES = `
Exit codes: 0 committed or default, 1 error, 2 bad usage, 3 refused, 4 denied, 5 failed, 6 aborted.`;

const ENVIRONMENT = `
Environment: PORT, GRAFTWORK_DATA and GRAFTWORK_TOKEN stand in for --port, --data and --token.`;

const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;

/** Waits for a command's exit code. */
type Done = (code: Promise<number>) => Promise<void>;

/**
 * Makes a check that throws coded errors a reader of options and arguments. Text that it refuses is bad usage; other
 * text is passed on unchanged.
 */
const checked =
  (check: (text: string) => unknown) =>
  (text: string): string => {
    try {
      check(text);
      return text;
    } catch (error) {
      throw error instanceof GraftError ? new InvalidArgumentError(`${error.code}: ${visible(error.message)}`) : error;
    }
  };

const asksServer = (command: Command): Command =>
  command
    .addOption(
      new Option('--url <url>', 'where the server is (default: port PORT, else 3000, of this machine)').argParser(
        checked(serverUrl),
      ),
    )
    .addOption(
      new Option('--token <token>', 'the bearer token (default: GRAFTWORK_TOKEN, else the one in the data folder)'),
    )
    .option('--json', "print the server's answer as it is");

const addServe = (program: Command, done: Done): void => {
  program
    .command('serve')
    .description('serve a host over HTTP on this machine')
    .option('--port <number>', 'port to listen on, 0 for any free one (default: PORT, else 3000)', checked(readPort))
    .option('--data <folder>', 'folder of the databases and the token (default: GRAFTWORK_DATA, else ./data)')
    .option('--host-module <file>', 'module whose default export, a function of the host, declares the graft points')
    .addHelpText('after', ENVIRONMENT)
    .addHelpText(
      'after',
      examples('graftwork serve', 'graftwork serve --port 8080 --data /var/lib/shop --host-module ./shop.ts'),
    )
    .action(async (flags) => done((await import('./serve.ts')).serve(flags)));
};

const addCall = (program: Command, done: Done): void => {
  asksServer(program.command('call'))
    .description('call a graft point')
    .argument('<point>', 'name of the graft point')
    .argument(
      '<json>',
      'the input as JSON, or - for standard input',
      checked((text) => text === '-' || checkJson(text)),
    )
    .addHelpText('after', EXIT_CODES)
    .addHelpText(
      'after',
      examples(
        `graftwork call shop/price '{"sku":"x","list":10}'`,
        'graftwork call shop/price - --json < request.json',
      ),
    )
    .action(async (point, json, flags) => done((await import('./call.ts')).call(point, json, flags)));
};

const addLists = (program: Command, done: Done): void => {
  asksServer(program.command('points'))
    .description('list the graft points')
    .addHelpText('after', examples('graftwork points', 'graftwork points --json'))
    .action(async (flags) => done((await import('./lists.ts')).points(flags)));
  asksServer(program.command('plugins'))
    .description('list the plugins and how their grafts fare')
    .option('--removed', 'list those that were removed or cannot be read instead: when, by whom and why')
    .addHelpText('after', examples('graftwork plugins', 'graftwork plugins --removed'))
    .action(async (flags) => done((await import('./lists.ts')).plugins(flags)));
  asksServer(program.command('aborts'))
    .description('list aborts, newest first: who, why, what was undone')
    .option('--limit <number>', 'how many, at most 1000')
    .option('--before <id>', 'only those before this one')
    .addHelpText('after', examples('graftwork aborts --limit 10', 'graftwork aborts --before 120 --json'))
    .action(async (flags) => done((await import('./lists.ts')).aborts(flags)));
};

const addPlugins = (program: Command, done: Done): void => {
  asksServer(program.command('install'))
    .description('install a plugin')
    .argument('<path>', 'a folder, or an archive as `npm pack` makes it')
    .addHelpText('after', examples('graftwork install ./plugins/fair-price', 'graftwork install fair-price-1.0.0.tgz'))
    .action(async (path, flags) => done((await import('./install.ts')).install(path, flags)));
  asksServer(program.command('remove'))
    .description('remove a plugin')
    .argument('<name>', 'name of the plugin')
    .option('--now', 'abort its calls in flight instead of letting them finish')
    .option('--dismiss', 'let points that it guarded go on without it')
    .option('--forget', 'delete what it has in its storage')
    .addHelpText('after', examples('graftwork remove fair-price', 'graftwork remove @shop/fair-price --now'))
    .action(async (name, flags) => done((await import('./install.ts')).remove(name, flags)));
  asksServer(program.command('enable'))
    .description('install a plugin again that was removed')
    .argument('<name>', 'name of the plugin')
    .addHelpText('after', examples('graftwork enable fair-price'))
    .action(async (name, flags) => done((await import('./install.ts')).enable(name, flags)));
  asksServer(program.command('dismiss'))
    .description('let a graft point that fails closed go on without a guard that is missing there')
    .argument('<point>', 'name of the graft point')
    .option('--graft <name>', 'the missing guard (`plugin#export`); all of them where it is not given')
    .addHelpText(
      'after',
      examples('graftwork dismiss shop/guard', 'graftwork dismiss shop/guard --graft embargo#check'),
    )
    .action(async (point, flags) => done((await import('./install.ts')).dismiss(point, flags)));
};

/** Programs beside the library, which read their arguments themselves. */
const addPrograms = (program: Command, done: Done, args: readonly string[]): void => {
  const add = (name: string, file: string, describes: string, usage: string, shown: readonly string[]): void => {
    program
      .command(name)
      .description(describes)
      .usage(usage)
      .allowUnknownOption()
      .allowExcessArguments()
      .helpOption(false)
      .addHelpText('after', examples(...shown))
      .action(async () => done((await import('./beside.ts')).runBeside(file, args.slice(1))));
  };
  add(
    'bench',
    'bench/plugin/main',
    'measure a graft of a plugin in every kind of compartment, beside the bare parts it is made of',
    '<plugin> --input <json> [options]',
    [`graftwork bench ./plugins/fair-price --input '{"sku":"x","list":10}' --report bench`],
  );
  add('hostile', 'test/hostile/main', 'run the hostile plugins against a host on this machine', '[options]', [
    'graftwork hostile',
    'graftwork hostile --kind process,isolate --report hostile',
  ]);
  add('demo', 'experiments/main', "run the kernel model's experiments", '[name] [options]', [
    'graftwork demo',
    'graftwork demo disasters --small',
  ]);
};

/** Errors of a command line are one line, and an unknown option is told with those there are. */
const explained = (command: Command): void => {
  const told = (text: string): string => {
    const [line = '', option] = /^error: (?:unknown option '(.*)')?.*/.exec(text) ?? [text];
    if (option === undefined) return line;
    return `${line}; ${namesLike(
      option,
      command.options.map(({ long }) => long ?? ''),
    )}`;
  };
  command.showSuggestionAfterError(false);
  command.configureOutput({ outputError: (text, write) => write(`${visible(told(text))}\n`) });
};

const exitCodeOf = (error: unknown): number => {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!(error instanceof GraftError)) {
    console.error('GRAFT_INTERNAL:', error);
    return 1;
  }
  console.error(visible(`${error.code}: ${error.message}`));
  return 1;
};

/** Runs a command line, without `node` and the script. Prints everything, and gives the exit code. */
export const run = async (args: readonly string[]): Promise<number> => {
  const program = new Command('graftwork')
    .description('A plugin host for Node: every call of a plugin is a transaction, taken back when it misbehaves.')
    .addHelpText(
      'after',
      examples('graftwork serve --host-module ./shop.ts', 'graftwork install ./plugins/fair-price', 'graftwork aborts'),
    )
    .exitOverride();
  let code = 0;
  const done: Done = async (promised) => {
    code = await promised;
  };
  for (const add of [addServe, addCall, addLists, addPlugins]) add(program, done);
  addPrograms(program, done, args);
  for (const command of [program, ...program.commands]) explained(command);
  const names = program.commands.map((command) => command.name());
  const [first] = args;
  if (first !== undefined && !first.startsWith('-') && ![...names, 'help'].includes(first)) {
    console.error(`error: ${unknownName('command', first, names)}`);
    return 2;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return exitCodeOf(error);
  }
};
