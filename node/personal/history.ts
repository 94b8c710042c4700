/**
 * The user's own items, sealed at rest, and nothing readable around them.
 *
 * A row's key is HMAC-SHA256(history key, content id), cut to 16 bytes: without the vault it is noise, with it the
 * same content always meets the same row, which is how an item is imported once however often its file is. The
 * content id covers task, input and output, not the time or the source: the same answer to the same prompt, twice,
 * would put a test item into training. Time order is not in the keys (it would tell when a person wrote): list()
 * unseals and sorts, about 0.1 ms an item. What the folder does tell: how many items there are and roughly how long
 * each is. Values are bound to their keys, so rows cannot be swapped. Rejected: a sealed index beside the values,
 * which must be rewritten or repaired whenever an import is cut short.
 */
import { createHash, createHmac } from 'node:crypto'
import { OppuError } from '../../protocol/errors.ts'
import type { Database, Write } from '../store/db.ts'
import type { Vault } from '../store/vault.ts'

/** One thing the user wrote (`output`), and what it answered (`input`, may be empty). */
export interface HistoryItem {
  /** Hex SHA-256 of task, input and output. */
  readonly id: string
  /** Milliseconds since 1970 (UTC). */
  readonly time: number
  readonly input: string
  readonly output: string
  /** A word that groups items alike in kind, e.g. `mail-subject`. */
  readonly task: string
  /** Where it came from, e.g. `inbox.mbox:12`. */
  readonly source: string
}

/** An item as an importer gives it: the id follows from the content. */
export type NewItem = Omit<HistoryItem, 'id'>

export interface AddReport {
  readonly added: number
  /** Items whose content was there already, in the store or earlier in the same import. */
  readonly duplicates: number
}

export interface ListOptions {
  readonly task?: string
  /** By time; equal times by id. Oldest first unless said otherwise. */
  readonly order?: 'oldest' | 'newest'
  readonly limit?: number
  readonly signal?: AbortSignal
}

const BATCH_ITEMS = 512
const BATCH_CHARACTERS = 8 << 20

export function contentId(item: Pick<HistoryItem, 'task' | 'input' | 'output'>): string {
  const hash = createHash('sha256').update('oppu/item/v1')
  for (const text of [item.task, item.input, item.output]) {
    const bytes = Buffer.from(text, 'utf8')
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    hash.update(length).update(bytes)
  }
  return hash.digest('hex')
}

export class History {
  readonly #db: Database
  readonly #vault: Vault
  readonly #indexKey: Uint8Array

  private constructor(db: Database, vault: Vault) {
    this.#db = db
    this.#vault = vault
    this.#indexKey = vault.key('history-index')
  }

  /** A view on both; neither is closed with it. */
  static open(db: Database, vault: Vault): History {
    return new History(db, vault)
  }

  /**
   * Adds items in atomic batches of 512. Cut short (a signal, a crash), what was written stays, and adding the same
   * items again goes on where it ended.
   * @throws the signal's reason, between batches; OppuError DISK_FULL.
   */
  async add(
    items: Iterable<NewItem> | AsyncIterable<NewItem>,
    options: { readonly signal?: AbortSignal; readonly onProgress?: (report: AddReport) => void } = {},
  ): Promise<AddReport> {
    let report: AddReport = { added: 0, duplicates: 0 }
    let pending: NewItem[] = []
    let characters = 0
    const flush = async () => {
      options.signal?.throwIfAborted()
      if (pending.length === 0) return
      const written = await this.#addBatch(pending)
      report = { added: report.added + written, duplicates: report.duplicates + pending.length - written }
      pending = []
      characters = 0
      options.onProgress?.(report)
    }
    for await (const item of items) {
      pending.push(item)
      characters += item.input.length + item.output.length
      if (pending.length >= BATCH_ITEMS || characters >= BATCH_CHARACTERS) await flush()
    }
    await flush()
    return report
  }

  /** @throws OppuError INVALID_DATA when a row is damaged (what it was cannot be known). */
  async list(options: ListOptions = {}): Promise<HistoryItem[]> {
    const items: HistoryItem[] = []
    for await (const [key, sealed] of this.#db.history.entries()) {
      options.signal?.throwIfAborted()
      const item = this.#unseal(key, sealed)
      if (options.task === undefined || item.task === options.task) items.push(item)
    }
    const sign = options.order === 'newest' ? -1 : 1
    items.sort((a, b) => sign * (a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)))
    return options.limit === undefined ? items : items.slice(0, options.limit)
  }

  async get(id: string): Promise<HistoryItem | undefined> {
    const key = this.#key(id)
    const sealed = await this.#db.history.get(key)
    return sealed === undefined ? undefined : this.#unseal(key, sealed)
  }

  /** Every id that starts with `prefix`, for people who type the first digits of one. */
  async find(prefix: string): Promise<string[]> {
    return (await this.list()).map(item => item.id).filter(id => id.startsWith(prefix))
  }

  /** Removes these items, all or none; answers how many there were. */
  async remove(ids: readonly string[]): Promise<number> {
    const keys = [...new Set(ids)].map(id => this.#key(id))
    const there = await this.#db.history.getMany(keys)
    const writes = keys
      .filter((_, i) => there[i] !== undefined)
      .map((key): Write => ({ table: 'history', key }))
    await this.#db.batch(writes)
    return writes.length
  }

  /** Without unsealing anything. */
  async count(): Promise<number> {
    let count = 0
    for await (const _ of this.#db.history.keys()) count++
    return count
  }

  async #addBatch(items: readonly NewItem[]): Promise<number> {
    const fresh = new Map<string, HistoryItem>()
    for (const item of items) {
      const id = contentId(item)
      const key = this.#key(id)
      if (!fresh.has(key)) fresh.set(key, { id, ...item })
    }
    const there = await this.#db.history.getMany([...fresh.keys()])
    const writes = [...fresh]
      .filter((_, i) => there[i] === undefined)
      .map(([key, item]): Write => ({ table: 'history', key, value: this.#seal(key, item) }))
    await this.#db.batch(writes)
    return writes.length
  }

  #key(id: string): string {
    return createHmac('sha256', this.#indexKey).update(id).digest('hex').slice(0, 32)
  }

  #seal(key: string, item: HistoryItem): Uint8Array {
    if (!Number.isSafeInteger(item.time))
      throw new TypeError(`an item's time is whole milliseconds, not ${item.time}`)
    const { id, time, input, output, task, source } = item
    return this.#vault.seal(
      `history/${key}`,
      Buffer.from(JSON.stringify([1, id, time, input, output, task, source]), 'utf8'),
    )
  }

  #unseal(key: string, sealed: Uint8Array): HistoryItem {
    const row: unknown = JSON.parse(
      Buffer.from(this.#vault.unseal(`history/${key}`, sealed)).toString('utf8'),
    )
    if (!Array.isArray(row) || row[0] !== 1)
      throw new OppuError('INVALID_DATA', 'a history item was written by a newer version of oppu')
    const [, id, time, input, output, task, source] = row as [
      1,
      string,
      number,
      string,
      string,
      string,
      string,
    ]
    return { id, time, input, output, task, source }
  }
}
