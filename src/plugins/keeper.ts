// A keeper: what a plugin keeps in the host between calls, on two accounts, its own and its installer's. Whatever keeps
// something for a plugin holds units of both, and gives them back when the thing is gone:
//
//   keeper.keep(txn, TIMERS, 1)      held at once, undone by an abort; too few left: the call is doomed with `limit`
//   keeper.drop(txn, TIMERS, 1)      given back when the transaction commits
//   keeper.dropNow(TIMERS, 1)        given back at once: the thing ended by itself
//
// Accounts go by names, so that a plugin which is removed and comes again does not start anew with what it left there.

import { Account, type Transaction } from '../txn/index.ts';
import { HOST_ITSELF } from './installer.ts';
import { INSTALLER_KEPT, KEPT_RESOURCES, type KeptLimits, PLUGIN_KEPT } from './kept-limits.ts';

const OF_INSTALLER = KEPT_RESOURCES.map((name) => `${name} of the installer`);
/** What the host itself installs is bounded plugin by plugin alone. */
const UNBOUNDED_UNITS = 2 ** 52;

export class Keeper {
  readonly plugin: string;
  readonly installer: string;
  readonly account: Account;
  readonly installerAccount: Account;

  constructor(plugin: string, installer: string, account: Account, installerAccount: Account) {
    this.plugin = plugin;
    this.installer = installer;
    this.account = account;
    this.installerAccount = installerAccount;
  }

  keep(txn: Transaction, resource: number, amount: number): void {
    this.account.keep(txn, resource, amount);
    this.installerAccount.keep(txn, resource, amount);
  }

  drop(txn: Transaction, resource: number, amount: number): void {
    txn.defer({ leave: () => this.dropNow(resource, amount) });
  }

  dropNow(resource: number, amount: number): void {
    this.account.drop(resource, amount);
    this.installerAccount.drop(resource, amount);
  }

  /** Holds at once, whatever the limits: what is there already, from an earlier start. */
  holdNow(resource: number, amount: number): void {
    this.dropNow(resource, -amount);
  }

  /** Whether something is held. */
  get keeps(): boolean {
    return this.account.held.some((units) => units > 0);
  }
}

/** What a plugin holds, by resource. */
export interface KeptByPlugin {
  readonly plugin: string;
  readonly installer: string;
  readonly held: KeptLimits;
}

export interface KeepersOptions {
  /** Of each plugin. */
  readonly plugin?: Partial<KeptLimits>;
  /** Of each installer but the host itself. */
  readonly installer?: Partial<KeptLimits>;
}

/** The keepers of a host. */
export class Keepers {
  readonly #limits: { readonly plugin: KeptLimits; readonly installer: KeptLimits };
  readonly #keepers = new Map<string, Map<string, Keeper>>();
  readonly #installers = new Map<string, Account>();

  constructor({ plugin, installer }: KeepersOptions = {}) {
    this.#limits = { plugin: { ...PLUGIN_KEPT, ...plugin }, installer: { ...INSTALLER_KEPT, ...installer } };
  }

  /** The keeper of a plugin, by its name and that of its installer. */
  of(plugin: string, installer: string): Keeper {
    let keepers = this.#keepers.get(installer);
    if (keepers === undefined) {
      keepers = new Map();
      this.#keepers.set(installer, keepers);
    }
    let keeper = keepers.get(plugin);
    if (keeper === undefined) {
      const account = filled(new Account(KEPT_RESOURCES), this.#limits.plugin);
      keeper = new Keeper(plugin, installer, account, this.#ofInstaller(installer));
      keepers.set(plugin, keeper);
    }
    return keeper;
  }

  #ofInstaller(name: string): Account {
    let account = this.#installers.get(name);
    if (account === undefined) {
      account = new Account(OF_INSTALLER);
      if (name !== HOST_ITSELF.name) filled(account, this.#limits.installer);
      else for (const index of OF_INSTALLER.keys()) account.create(index, UNBOUNDED_UNITS);
      this.#installers.set(name, account);
    }
    return account;
  }

  /** What is held, by plugin; those that hold nothing are left out. */
  list(): KeptByPlugin[] {
    const keepers = [...this.#keepers.values()].flatMap((byPlugin) => [...byPlugin.values()]);
    return keepers
      .filter(({ keeps }) => keeps)
      .map(({ plugin, installer, account: { held } }) => ({
        plugin,
        installer,
        held: Object.fromEntries(KEPT_RESOURCES.map((name, i) => [name, held[i]])) as unknown as KeptLimits,
      }));
  }
}

const filled = (account: Account, limits: KeptLimits): Account => {
  for (const [index, name] of KEPT_RESOURCES.entries()) account.create(index, limits[name]);
  return account;
};
