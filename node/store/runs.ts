/**
 * Which training run is under way in a slot: the one that has checkpoints (checkpoints.ts) and no adapter yet. One a slot;
 * checkpoints of a run that stands in no row are litter. Rows are sealed and keyed as those of in-use.ts are.
 */
import { createHmac } from 'node:crypto'
import { isOppuError } from '../../protocol/errors.ts'
import type { Slot } from './adapter-record.ts'
import type { Database } from './db.ts'
import type { Vault } from './vault.ts'

export class Runs {
  readonly #db: Database
  readonly #vault: Vault
  readonly #indexKey: Uint8Array

  private constructor(db: Database, vault: Vault) {
    this.#db = db
    this.#vault = vault
    this.#indexKey = vault.key('runs-index')
  }

  /** A view on both; nothing is closed with it. */
  static open(db: Database, vault: Vault): Runs {
    return new Runs(db, vault)
  }

  /** The run under way; undefined also where the row is damaged. */
  async get(slot: Slot): Promise<string | undefined> {
    const key = this.#key(slot)
    const sealed = await this.#db.runs.get(key)
    return sealed === undefined ? undefined : this.#unseal(key, sealed)
  }

  /** Every run that is under way. */
  async list(): Promise<ReadonlySet<string>> {
    const runs = new Set<string>()
    for await (const [key, sealed] of this.#db.runs.entries()) {
      const run = this.#unseal(key, sealed)
      if (run !== undefined) runs.add(run)
    }
    return runs
  }

  async put(slot: Slot, run: string): Promise<void> {
    const key = this.#key(slot)
    await this.#db.runs.put(key, this.#vault.seal(`runs/${key}`, Buffer.from(run, 'utf8')))
  }

  async remove(slot: Slot): Promise<void> {
    await this.#db.runs.remove(this.#key(slot))
  }

  #key({ baseId, only }: Slot): string {
    const hash = createHmac('sha256', this.#indexKey).update(baseId)
    if (only !== undefined) hash.update(`/${only}`)
    return hash.digest('hex').slice(0, 32)
  }

  #unseal(key: string, sealed: Uint8Array): string | undefined {
    try {
      return Buffer.from(this.#vault.unseal(`runs/${key}`, sealed)).toString('utf8')
    } catch (error) {
      if (!isOppuError(error, 'INVALID_DATA')) throw error
      return undefined
    }
  }
}
