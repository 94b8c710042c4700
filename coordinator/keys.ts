/**
 * The keys of a coordinator. The network key says who answers at its address and stays what it was when the folder was
 * made, so that every address that members hold goes on working. The signing key says what was published; it is the
 * network key until it is changed, and then a key of its own, with the chain of changes that leads to it.
 *
 * At a change everything published is signed anew, in the one batch that records the change: there is no moment in which
 * part of it counts under one key and part under another. The key before is deleted, unless it is the network key.
 * Rejected: a new network key with every change (every address that members hold would be dead).
 */
import { randomBytes } from 'node:crypto'
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { OppuError } from '../protocol/errors.ts'
import type { UserId } from '../protocol/ids.ts'
import { encodeKeyChange, followKeys } from '../protocol/key-change.ts'
import {
  COORDINATOR_LIMITS,
  KEY_LIMITS,
  MANIFEST_LIMITS,
  RELEASE_LIMITS,
  TASK_LIMITS,
} from '../protocol/limits.ts'
import {
  decodeSigned,
  encodeSigned,
  type SignatureDomain,
  type Signed,
  signBytes,
  userIdFromSeed,
} from '../protocol/manifest.ts'
import { type Put, readOrMakeSeed, type State, writeSeed } from './state.ts'

/** What is published, and so signed anew with a new key: its table, domain and the most bytes it can have. */
const PUBLISHED = [
  { table: 'manifests', domain: 'manifest', limit: MANIFEST_LIMITS.bytes },
  { table: 'licences', domain: 'licence', limit: COORDINATOR_LIMITS.licence + 32 },
  { table: 'releases', domain: 'release', limit: RELEASE_LIMITS.bytes },
  { table: 'tasks', domain: 'task', limit: TASK_LIMITS.bytes },
] as const

export class Keys {
  /** 32-byte seed of the network key. */
  readonly networkSeed: Uint8Array
  readonly #state: State
  readonly #home: string
  #seed: Uint8Array
  #changes: readonly Signed[]

  private constructor(
    state: State,
    home: string,
    networkSeed: Uint8Array,
    seed: Uint8Array,
    changes: Signed[],
  ) {
    this.#state = state
    this.#home = home
    this.networkSeed = networkSeed
    this.#seed = seed
    this.#changes = changes
  }

  /**
   * Reads the keys of `home`, or makes the first one. `given` stands for the one in its file.
   * @throws OppuError INVALID_DATA when a key is damaged or is not the one that the chain of changes ends with.
   */
  static async open(state: State, home: string, given?: Uint8Array): Promise<Keys> {
    const networkSeed = given ?? (await readOrMakeSeed(home))
    const changes: Signed[] = []
    for (const key of await state.keys('keys')) {
      const value = await state.get('keys', key)
      if (value !== undefined) changes.push(decodeSigned(value, KEY_LIMITS.bytes))
    }
    if (changes.length === 0) return new Keys(state, home, networkSeed, networkSeed, changes)
    const current = followKeys(changes[0]!.signer, changes).at(-1)!
    for (const path of [fileOf(home), nextFileOf(home)]) {
      const seed = await readSeed(path)
      if (seed === undefined || userIdFromSeed(seed) !== current) continue
      if (path === nextFileOf(home)) await rename(path, fileOf(home)) // a change that was cut short after its batch
      return new Keys(state, home, networkSeed, seed, changes)
    }
    throw new OppuError(
      'INVALID_DATA',
      `${fileOf(home)} is not the key ${current} that this coordinator signs with`,
    )
  }

  /** The key that signs, and that members trust. */
  get id(): UserId {
    return userIdFromSeed(this.#seed)
  }

  /** Its 32-byte seed. */
  get seed(): Uint8Array {
    return this.#seed
  }

  /** The chain of changes, in the order in which they were made. */
  get changes(): readonly Signed[] {
    return this.#changes
  }

  sign(domain: SignatureDomain, bytes: Uint8Array): Signed {
    return signBytes(domain, bytes, this.#seed)
  }

  /**
   * Makes a new key and signs everything published with it. Nothing may be published meanwhile.
   * @throws OppuError TOO_LARGE after too many changes, DISK_FULL; the old key stays then.
   */
  async change(now: number): Promise<UserId> {
    if (this.#changes.length >= KEY_LIMITS.changes)
      throw new OppuError('TOO_LARGE', `a coordinator's key is changed at most ${KEY_LIMITS.changes} times`)
    const seed = new Uint8Array(randomBytes(32))
    const [next, serial] = [userIdFromSeed(seed), this.#changes.length + 1]
    const change = this.sign('key-change', encodeKeyChange({ version: 1, next, serial, createdAt: now }))
    const file = nextFileOf(this.#home)
    await writeSeed(file, seed)
    // Where this fails the file stays: whether the change is on the disk is known only when it is read again.
    await this.#state.put([
      { table: 'keys', key: String(serial).padStart(4, '0'), value: encodeSigned(change) },
      ...(await this.#signedAnew(seed)),
    ])
    await rename(file, fileOf(this.#home))
    this.#seed = seed
    this.#changes = [...this.#changes, change]
    return next
  }

  async #signedAnew(seed: Uint8Array): Promise<Put[]> {
    const puts: Put[] = []
    for (const { table, domain, limit } of PUBLISHED) {
      for (const key of await this.#state.keys(table)) {
        const before = await this.#state.get(table, key)
        if (before === undefined) continue
        const { bytes } = decodeSigned(before, limit)
        puts.push({ table, key, value: encodeSigned(signBytes(domain, bytes, seed)) })
      }
    }
    return puts
  }
}

function fileOf(home: string): string {
  return join(home, 'signing.key')
}

/** The next key before the change to it is recorded; worth nothing when it never was. */
function nextFileOf(home: string): string {
  return join(home, 'signing.key.next')
}

async function readSeed(path: string): Promise<Uint8Array | undefined> {
  try {
    const seed = await readFile(path)
    return seed.length === 32 ? new Uint8Array(seed) : undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
