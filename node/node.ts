/**
 * A user's node: opens the parts in order and closes them in reverse. What they do together stands in peering.ts (with
 * others) and learning.ts (train, evaluate, generate); what each does alone, in its room.
 *
 * The vault is unlocked when something sealed is first needed, so that a list of bases asks for no passphrase; and the
 * large parts (libp2p, the runtime) are loaded when they are, so that it is quick.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { OppuError } from '../protocol/errors.ts'
import { type BaseId, shortId, type UserId } from '../protocol/ids.ts'
import type { BaseManifest } from '../protocol/manifest.ts'
import type { Needs } from './base/gc.ts'
import type { ImportOptions } from './base/import.ts'
import type { Learning } from './learning.ts'
import type { Peering } from './peering.ts'
import { History } from './personal/history.ts'
import { Adapters } from './store/adapters.ts'
import { type AuditEntry, AuditLog, readAudit } from './store/audit.ts'
import { Bases } from './store/bases.ts'
import { Checkpoints } from './store/checkpoints.ts'
import { Database } from './store/db.ts'
import { Reports } from './store/reports.ts'
import { Runs } from './store/runs.ts'
import type { Vault } from './store/vault.ts'
import { createVaultFile, openVaultFile, readVaultFile } from './store/vault-file.ts'
import { parseRecord } from './store/vault-record.ts'

const VAULT_FILE = 'vault.json'

export interface NodeOptions {
  /** The node's folder. */
  readonly home: string
  /** Asked when something sealed is first needed; again only after one that was wrong. */
  readonly passphrase: () => Promise<string>
}

export class PersonalNode {
  readonly home: string
  readonly bases: Bases
  readonly #db: Database
  readonly #audit: AuditLog
  readonly #passphrase: () => Promise<string>
  #vault: Promise<Vault> | undefined
  #closed: Promise<void> | undefined

  private constructor({ home, passphrase }: NodeOptions, db: Database) {
    this.home = home
    this.bases = Bases.open(join(home, 'bases'))
    this.#db = db
    this.#audit = AuditLog.open(this.#auditPath)
    this.#passphrase = passphrase
  }

  /** Makes a new node: its vault, under a passphrase. @throws OppuError ALREADY_INITIALIZED; nothing is changed then. */
  static async init(options: {
    readonly home: string
    readonly passphrase: string
  }): Promise<{ readonly userId: UserId; readonly recipient: string }> {
    await mkdir(options.home, { recursive: true, mode: 0o700 })
    const vault = await createVaultFile(join(options.home, VAULT_FILE), options.passphrase)
    const { userId, recipient } = vault
    vault.close()
    return { userId, recipient }
  }

  /** Opens the node in a folder. The caller closes it. @throws OppuError NOT_INITIALIZED, CORRUPT_VAULT, IN_USE. */
  static async open(options: NodeOptions): Promise<PersonalNode> {
    await readVaultFile(join(options.home, VAULT_FILE))
    return new PersonalNode(options, await Database.open(join(options.home, 'db')))
  }

  /** The user's keys; the node closes them. @throws OppuError WRONG_PASSPHRASE, CORRUPT_VAULT, CLOSED. */
  async unlock(): Promise<Vault> {
    if (this.#closed !== undefined) throw new OppuError('CLOSED', 'the node is closed')
    this.#vault ??= this.#passphrase().then(passphrase =>
      openVaultFile(join(this.home, VAULT_FILE), passphrase),
    )
    try {
      return await this.#vault
    } catch (error) {
      this.#vault = undefined // a mistyped passphrase can be asked for again
      throw error
    }
  }

  /** Who this node's user is to others; needs no passphrase. @throws OppuError CORRUPT_VAULT. */
  async identity(): Promise<{ readonly userId: UserId; readonly recipient: string }> {
    const { userId, recipient } = parseRecord(await readVaultFile(join(this.home, VAULT_FILE)))
    return { userId, recipient }
  }

  /** The user's items. @throws as unlock(). */
  async history(): Promise<History> {
    return History.open(this.#db, await this.unlock())
  }

  /** The user's sealed adapters. @throws as unlock(). */
  async adapters(): Promise<Adapters> {
    return Adapters.open(join(this.home, 'adapters'), this.#db, await this.unlock())
  }

  /** The scores that were reported. @throws as unlock(). */
  async reports(): Promise<Reports> {
    return Reports.open(this.#db, await this.unlock())
  }

  /** What this node does with others. */
  async peering(): Promise<Peering> {
    const { Peering } = await import('./peering.ts')
    return new Peering({
      home: this.home,
      bases: this.bases,
      unlock: () => this.unlock(),
      reports: () => this.reports(),
      audit: this.#audit,
    })
  }

  /** Training, evaluation and generation on this node's history, bases and adapters. @throws as unlock(). */
  async learning(): Promise<Learning> {
    const { Learning } = await import('./learning.ts')
    const vault = await this.unlock()
    return new Learning({
      bases: this.bases,
      history: await this.history(),
      adapters: await this.adapters(),
      checkpoints: await Checkpoints.open(join(this.home, 'checkpoints'), vault),
      runs: Runs.open(this.#db, vault),
    })
  }

  /** Which bases must stay, since adapters or unfinished training need them. @throws as unlock(). */
  async needs(): Promise<Needs> {
    const bases = new Map<BaseId, string>()
    const adapters = await this.adapters()
    for (const { id, baseId } of await adapters.list())
      bases.set(baseId, `adapter ${shortId(id)} was trained on it`)
    if ((await adapters.damaged()).length > 0)
      return { bases, all: 'an adapter whose record is damaged may need it: oppu adapter list' }
    const runs = Runs.open(this.#db, await this.unlock())
    const unfinished = new Set(await runs.list())
    for (const { id } of await this.bases.list()) {
      const run = await runs.get({ baseId: id })
      if (run === undefined) continue
      unfinished.delete(run)
      bases.set(id, 'training on it was cut short, and goes on when it is run again')
    }
    return unfinished.size === 0 ? { bases } : { bases, all: 'training that was cut short may need it' }
  }

  /** What left this node so far, oldest first. */
  audit(): Promise<AuditEntry[]> {
    return readAudit(this.#auditPath)
  }

  get #auditPath(): string {
    return join(this.home, 'audit.jsonl')
  }

  /** Imports a base from a source; see importBase. */
  async importBase(source: string, options: Omit<ImportOptions, 'home'> = {}): Promise<BaseManifest> {
    const { importBase } = await import('./base/import.ts')
    return importBase(source, { ...options, home: this.home })
  }

  /** Waits for the database, wipes the keys. May be called twice. */
  close(): Promise<void> {
    this.#closed ??= this.#stop()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #stop(): Promise<void> {
    const vault = await this.#vault?.catch(() => undefined)
    vault?.close()
    try {
      await this.#audit.close()
    } finally {
      await this.#db.close()
    }
  }
}
