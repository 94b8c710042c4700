/**
 * The node's database: LevelDB through `level`, which nobody else in `node/` imports.
 *
 * It knows tables, keys and bytes; what is sealed, and how, is its callers' business (vault.ts). Keys are strings
 * ordered as UTF-8. Every write is one atomic, synced batch, across tables if need be: a killed process or a
 * power cut leaves all of a batch or none of it. Rejected: handing out `level`'s own sublevels, which would
 * carry its types and error codes into every room; JSON values, which would tempt callers to store plain text.
 */
import { mkdir, readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Level } from 'level'
import { OppuError } from '../../protocol/errors.ts'
import { errorCode } from './atomic-file.ts'

export const TABLES = ['history', 'adapters', 'inUse', 'runs', 'reports'] as const
export type TableName = (typeof TABLES)[number]

/** One write of a batch; without a value the key is removed. */
export interface Write {
  readonly table: TableName
  readonly key: string
  readonly value?: Uint8Array
}

export interface Range {
  readonly gte?: string
  readonly lt?: string
  readonly reverse?: boolean
  readonly limit?: number
}

/** One sublevel. Values are the bytes that were put; a missing key is `undefined`. */
export interface Table {
  get(key: string): Promise<Uint8Array | undefined>
  /** In the order of `keys`. */
  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>
  put(key: string, value: Uint8Array): Promise<void>
  remove(key: string): Promise<void>
  /** A snapshot taken at the first step: writes made meanwhile are not seen. */
  entries(range?: Range): AsyncIterable<readonly [key: string, value: Uint8Array]>
  keys(range?: Range): AsyncIterable<string>
}

type ByteLevel = Level<string, Uint8Array>

export class Database {
  readonly history: Table
  readonly adapters: Table
  readonly inUse: Table
  readonly runs: Table
  readonly reports: Table
  readonly #level: ByteLevel
  #closing: Promise<void> | undefined

  private constructor(level: ByteLevel) {
    this.#level = level
    const table = (name: TableName): Table => new SublevelTable(level, name)
    this.history = table('history')
    this.adapters = table('adapters')
    this.inUse = table('inUse')
    this.runs = table('runs')
    this.reports = table('reports')
  }

  /**
   * Opens the database in the folder `path`, creating it. The caller closes it.
   * @throws OppuError IN_USE when another process has it open, DISK_FULL, NOT_PERMITTED, INVALID_DATA when it is damaged.
   */
  static async open(path: string): Promise<Database> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await mkdir(path, { recursive: true, mode: 0o700 })
    await demandCurrent(path)
    // Sealed values do not compress.
    const level: ByteLevel = new Level(path, {
      keyEncoding: 'utf8',
      valueEncoding: 'view',
      compression: false,
    })
    try {
      await level.open()
    } catch (error) {
      throw databaseError(error, path)
    }
    return new Database(level)
  }

  /** All of `writes` or none. @throws OppuError DISK_FULL, CLOSED. */
  async batch(writes: readonly Write[]): Promise<void> {
    const operations = writes.map(({ table, key, value }) => {
      const sublevel = prefixed(table, key)
      return value === undefined
        ? ({ type: 'del', key: sublevel } as const)
        : ({ type: 'put', key: sublevel, value } as const)
    })
    try {
      await this.#level.batch(operations, { sync: true })
    } catch (error) {
      throw databaseError(error, 'the database')
    }
  }

  /** Waits for reads and writes in flight; may be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#level.close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** Without this one file LevelDB takes the others for litter, deletes them and begins anew. */
async function demandCurrent(path: string): Promise<void> {
  const names = await readdir(path)
  if (names.some(name => /^MANIFEST-|\.ldb$/.test(name)) && !names.includes('CURRENT'))
    throw new OppuError('INVALID_DATA', `${path} is damaged: its file CURRENT is missing`)
}

/** The same layout as abstract-level's sublevels (`!name!key`), so that its own tools can read the folder. */
function prefixed(table: TableName, key: string): string {
  return `!${table}!${key}`
}

class SublevelTable implements Table {
  readonly #level: ByteLevel
  readonly #name: TableName

  constructor(level: ByteLevel, name: TableName) {
    this.#level = level
    this.#name = name
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return guard(() => this.#level.get(prefixed(this.#name, key)))
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return guard(() => this.#level.getMany(keys.map(key => prefixed(this.#name, key))))
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    await guard(() => this.#level.put(prefixed(this.#name, key), value, { sync: true }))
  }

  async remove(key: string): Promise<void> {
    await guard(() => this.#level.del(prefixed(this.#name, key), { sync: true }))
  }

  async *entries(range: Range = {}): AsyncIterable<readonly [string, Uint8Array]> {
    const iterator = await guard(async () => this.#level.iterator(this.#range(range)))
    try {
      for (;;) {
        const rows = await guard(() => iterator.nextv(256))
        if (rows.length === 0) return
        for (const [key, value] of rows) yield [this.#bare(key), value] as const
      }
    } finally {
      await iterator.close()
    }
  }

  async *keys(range: Range = {}): AsyncIterable<string> {
    const iterator = await guard(async () => this.#level.keys(this.#range(range)))
    try {
      for (;;) {
        const keys = await guard(() => iterator.nextv(1024))
        if (keys.length === 0) return
        for (const key of keys) yield this.#bare(key)
      }
    } finally {
      await iterator.close()
    }
  }

  #range(range: Range): { gte: string; lt: string; reverse: boolean; limit: number } {
    return {
      gte: prefixed(this.#name, range.gte ?? ''),
      lt: range.lt === undefined ? `!${this.#name}"` : prefixed(this.#name, range.lt), // '"' follows '!'
      reverse: range.reverse ?? false,
      limit: range.limit ?? -1,
    }
  }

  #bare(key: string): string {
    return key.slice(this.#name.length + 2)
  }
}

async function guard<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw databaseError(error, 'the database')
  }
}

function databaseError(error: unknown, path: string): unknown {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const codes = [errorCode(error), errorCode(cause)]
  const text = cause instanceof Error ? cause.message : String(cause)
  if (codes.includes('LEVEL_LOCKED'))
    return new OppuError('IN_USE', `${path} is open in another process`, { cause: error })
  if (/no space left|quota exceeded/i.test(text))
    return new OppuError('DISK_FULL', `no space left to write ${path}`, { cause: error })
  if (/permission denied|not permitted|read-only/i.test(text))
    return new OppuError('NOT_PERMITTED', `${path} cannot be used: ${text}`, { cause: error })
  if (codes.includes('LEVEL_CORRUPTION') || /^(corruption|io error)/i.test(text)) {
    return new OppuError('INVALID_DATA', `${path} is damaged: ${text}`, { cause: error })
  }
  if (codes.some(code => code === 'LEVEL_DATABASE_NOT_OPEN' || code === 'LEVEL_ITERATOR_NOT_OPEN')) {
    if (path === 'the database') return new OppuError('CLOSED', 'the database is closed', { cause: error })
    if (/permission denied|read-only/i.test(text))
      return new OppuError('NOT_PERMITTED', `cannot open ${path}: ${text}`, { cause: error })
    return new OppuError('UNAVAILABLE', `cannot open ${path}: ${text}`, { cause: error })
  }
  return error
}
