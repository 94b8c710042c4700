/**
 * Which adapter is in use, for each base and each task that adapters are trained for: one sealed row a slot.
 *
 * A row's key is a keyed hash of its slot, as a history item's is of its content: the folder tells no task. A row that
 * says "the base" is not the same as no row: the first is a choice, the second that nothing was chosen yet. A damaged
 * row counts as none, and the next choice writes it anew. What follows from no row is adapters.ts's to say.
 */
import { createHmac } from 'node:crypto'
import { isOppuError } from '../../protocol/errors.ts'
import type { AdapterId } from '../../protocol/ids.ts'
import type { Slot } from './adapter-record.ts'
import type { Database, Write } from './db.ts'
import type { Vault } from './vault.ts'

export interface Choice {
  readonly slot: Slot
  /** undefined: the base alone. */
  readonly adapter: AdapterId | undefined
  /** Milliseconds since 1970. */
  readonly since: number
}

export class InUse {
  readonly #db: Database
  readonly #vault: Vault
  readonly #indexKey: Uint8Array

  /** A view on both. */
  constructor(db: Database, vault: Vault) {
    this.#db = db
    this.#vault = vault
    this.#indexKey = vault.key('in-use-index')
  }

  async get(slot: Slot): Promise<Choice | undefined> {
    const key = this.#key(slot)
    const sealed = await this.#db.inUse.get(key)
    return sealed === undefined ? undefined : this.#unseal(key, sealed)
  }

  async list(): Promise<Choice[]> {
    const choices: Choice[] = []
    for await (const [key, sealed] of this.#db.inUse.entries()) {
      const choice = this.#unseal(key, sealed)
      if (choice !== undefined) choices.push(choice)
    }
    return choices
  }

  /** For a batch with what makes the choice so. */
  write({ slot, adapter, since }: Choice): Write {
    const key = this.#key(slot)
    const row = JSON.stringify([1, slot.baseId, slot.only ?? null, adapter ?? null, since])
    return { table: 'inUse', key, value: this.#vault.seal(`in-use/${key}`, Buffer.from(row, 'utf8')) }
  }

  #key({ baseId, only }: Slot): string {
    const hash = createHmac('sha256', this.#indexKey).update(baseId)
    if (only !== undefined) hash.update(`/${only}`)
    return hash.digest('hex').slice(0, 32)
  }

  #unseal(key: string, sealed: Uint8Array): Choice | undefined {
    try {
      const row: unknown = JSON.parse(
        Buffer.from(this.#vault.unseal(`in-use/${key}`, sealed)).toString('utf8'),
      )
      const [, baseId, only, adapter, since] = row as [
        1,
        Slot['baseId'],
        string | null,
        AdapterId | null,
        number,
      ]
      return { slot: only === null ? { baseId } : { baseId, only }, adapter: adapter ?? undefined, since }
    } catch (error) {
      if (isOppuError(error, 'INVALID_DATA') || error instanceof SyntaxError) return undefined
      throw error
    }
  }
}
