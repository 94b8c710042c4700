/**
 * What a coordinator keeps on disk: its key, and a LevelDB of what it published and received. The only importer of
 * level here. Values are signed envelopes exactly as they were signed, so that nothing has to be signed twice and
 * everything can be checked again; what they mean is registry.ts's and tasks.ts's business.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Level } from 'level'
import { OppuError } from '../protocol/errors.ts'

export type TableName =
  | 'manifests'
  | 'licences'
  | 'tasks'
  | 'reports'
  | 'community'
  | 'invitations'
  | 'revoked'
  | 'joined'
  | 'releases'
  | 'keys'

export interface Put {
  readonly table: TableName
  readonly key: string
  readonly value: Uint8Array
}

const BYTES = { keyEncoding: 'utf8', valueEncoding: 'view' } as const

export class State implements AsyncDisposable {
  readonly #level: Level<string, Uint8Array>
  /** Made once: level keeps every sublevel it hands out until it closes. */
  readonly #tables: Readonly<Record<TableName, ReturnType<typeof sublevelOf>>>
  #closed: Promise<void> | undefined

  private constructor(level: Level<string, Uint8Array>) {
    this.#level = level
    this.#tables = {
      manifests: sublevelOf(level, 'manifests'),
      licences: sublevelOf(level, 'licences'),
      tasks: sublevelOf(level, 'tasks'),
      reports: sublevelOf(level, 'reports'),
      community: sublevelOf(level, 'community'),
      invitations: sublevelOf(level, 'invitations'),
      revoked: sublevelOf(level, 'revoked'),
      joined: sublevelOf(level, 'joined'),
      releases: sublevelOf(level, 'releases'),
      keys: sublevelOf(level, 'keys'),
    }
  }

  /** Opens `<home>/db`, creating it. @throws OppuError IN_USE, DISK_FULL, INVALID_DATA. */
  static async open(home: string): Promise<State> {
    await mkdir(join(home, 'db'), { recursive: true, mode: 0o700 })
    const level = new Level<string, Uint8Array>(join(home, 'db'), BYTES)
    try {
      await level.open()
    } catch (cause) {
      const code = causeCode(cause)
      if (code === 'LEVEL_LOCKED')
        throw new OppuError('IN_USE', `another coordinator has ${home} open`, { cause })
      if (code === 'ENOSPC') throw new OppuError('DISK_FULL', `no space for ${home}`, { cause })
      throw new OppuError('INVALID_DATA', `the coordinator's state in ${home} cannot be opened`, { cause })
    }
    return new State(level)
  }

  /** The value, or undefined. */
  async get(table: TableName, key: string): Promise<Uint8Array | undefined> {
    return this.#table(table).get(key)
  }

  /** Keys in order, those that start with `prefix` where one is given. */
  async keys(table: TableName, prefix = ''): Promise<string[]> {
    return this.#table(table)
      .keys({ gte: prefix, lt: `${prefix}\uffff` })
      .all()
  }

  /** Writes all of it or nothing, and syncs. @throws OppuError DISK_FULL. */
  async put(puts: readonly Put[]): Promise<void> {
    this.#demandOpen()
    try {
      await this.#level.batch(
        puts.map(({ table, key, value }) => ({
          type: 'put' as const,
          sublevel: this.#table(table),
          key,
          value,
        })),
        { sync: true },
      )
    } catch (cause) {
      if (/no space/i.test(String(cause)) || causeCode(cause) === 'ENOSPC') {
        throw new OppuError('DISK_FULL', "no space for the coordinator's state", { cause })
      }
      throw cause
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#level.close()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #table(table: TableName) {
    this.#demandOpen()
    return this.#tables[table]
  }

  #demandOpen(): void {
    if (this.#closed !== undefined) throw new OppuError('CLOSED', "the coordinator's state is closed")
  }
}

function sublevelOf(level: Level<string, Uint8Array>, name: TableName) {
  return level.sublevel<string, Uint8Array>(name, BYTES)
}

/**
 * Reads the 32-byte seed in `<home>/coordinator.key`, or makes one; only its owner can read the file. The caller has the
 * state open, and with it the lock.
 */
export async function readOrMakeSeed(home: string): Promise<Uint8Array> {
  await mkdir(home, { recursive: true, mode: 0o700 })
  const path = join(home, 'coordinator.key')
  const seed = await readFile(path).catch((error: unknown) => {
    if (causeCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (seed !== undefined) {
    if (seed.length !== 32) throw new OppuError('INVALID_DATA', `${path} is not a key of 32 bytes`)
    return new Uint8Array(seed)
  }
  const made = randomBytes(32)
  await writeSeed(path, made)
  return new Uint8Array(made)
}

/** Writes a 32-byte seed so that only its owner can read it, and it is on disk. */
export async function writeSeed(path: string, seed: Uint8Array): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(seed)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync() // what is signed with a key must not outlive it in a power cut
  } catch (error) {
    if (process.platform !== 'win32') throw error // where folders cannot be synced
  } finally {
    await folder.close()
  }
}

function causeCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at ? at.code : undefined
    if (code === 'LEVEL_LOCKED' || code === 'ENOSPC' || code === 'ENOENT') return code
  }
  return undefined
}
