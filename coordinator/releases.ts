/**
 * What names and tags stand for: the latest signed release of each. Serials are the time, or one more than the one
 * before where the clock went back, so that of two coordinators on one key the one that moved a tag last is heard.
 */
import { OppuError } from '../protocol/errors.ts'
import type { BaseId } from '../protocol/ids.ts'
import { COORDINATOR_LIMITS as LIMITS, RELEASE_LIMITS } from '../protocol/limits.ts'
import { decodeSigned, encodeSigned, type Signed } from '../protocol/manifest.ts'
import { decodeRelease, encodeRelease, isReleaseWord, type Release, releaseKey } from '../protocol/release.ts'
import type { Keys } from './keys.ts'
import type { State } from './state.ts'

interface Kept {
  readonly release: Release
  readonly signed: Signed
}

export class Releases {
  readonly #state: State
  readonly #keys: Keys
  readonly #now: () => number
  /** By `releaseKey`. */
  readonly #releases = new Map<string, Kept>()

  private constructor(state: State, keys: Keys, now: () => number) {
    this.#state = state
    this.#keys = keys
    this.#now = now
  }

  static async open(state: State, keys: Keys, now: () => number): Promise<Releases> {
    const releases = new Releases(state, keys, now)
    await releases.reload()
    return releases
  }

  /** Reads again what is kept, after it was signed anew. */
  async reload(): Promise<void> {
    for (const key of await this.#state.keys('releases')) {
      const value = await this.#state.get('releases', key)
      if (value === undefined) continue
      const signed = decodeSigned(value, RELEASE_LIMITS.bytes)
      this.#releases.set(key, { release: decodeRelease(signed.bytes), signed })
    }
  }

  /** Lets a name and tag stand for a published base. @throws OppuError INVALID_ARGUMENT, TOO_LARGE, DISK_FULL. */
  async set(name: string, tag: string, baseId: BaseId): Promise<Release> {
    for (const word of [name, tag]) {
      if (!isReleaseWord(word))
        throw new OppuError(
          'INVALID_ARGUMENT',
          `a name or tag has 1 to ${RELEASE_LIMITS.word} lower-case letters, digits and ._- between them, ` +
            `unlike ${JSON.stringify(word.slice(0, 80))}`,
        )
    }
    const key = releaseKey({ name, tag })
    const before = this.#releases.get(key)?.release
    if (before?.baseId === baseId) return before
    if (before === undefined && this.#releases.size >= LIMITS.releases)
      throw new OppuError('TOO_LARGE', `a coordinator has at most ${LIMITS.releases} releases`)
    const createdAt = this.#now()
    const serial = Math.max(createdAt, (before?.serial ?? 0) + 1)
    const release: Release = { version: 1, name, tag, baseId, serial, createdAt }
    const signed = this.#keys.sign('release', encodeRelease(release))
    await this.#state.put([{ table: 'releases', key, value: encodeSigned(signed) }])
    this.#releases.set(key, { release, signed })
    return release
  }

  /** Sorted by name and tag. */
  list(): Release[] {
    return [...this.#releases].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { release }]) => release)
  }

  /** As members get them. */
  signed(): Signed[] {
    return [...this.#releases.values()].map(({ signed }) => signed)
  }
}
