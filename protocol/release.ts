/**
 * A release: what a name and a tag, such as `smollm2:stable`, stand for at present. A coordinator signs a new one to
 * move a tag; of two for the same name and tag the one with the higher serial counts, whoever brought it, so that no
 * one can take a member back to an earlier version by showing an older release.
 */
import {
  decodeMessage,
  demandCanonical,
  demandId,
  demandInteger,
  demandTime,
  demandVersion,
  invalid,
} from './canonical.ts'
import { OppuError } from './errors.ts'
import { type BaseId, idToBytes, type UserId } from './ids.ts'
import { RELEASE_LIMITS as LIMITS } from './limits.ts'
import { type Signed, verifyBytes } from './manifest.ts'
import { oppu } from './messages.pb.js'

export interface Release {
  readonly version: 1
  /** Lower-case letters, digits and `._-` between them. */
  readonly name: string
  /** Written like a name. */
  readonly tag: string
  readonly baseId: BaseId
  /** From 1; of two releases of one name and tag the higher counts. */
  readonly serial: number
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

/** The tag that is meant where none is named. */
export const DEFAULT_TAG = 'stable'

const WORD = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/

/** True for what can be a release's name or tag. */
export function isReleaseWord(text: string): boolean {
  return text.length <= LIMITS.word && WORD.test(text)
}

/** `name:tag`, by which releases are told apart. */
export function releaseKey({ name, tag }: Pick<Release, 'name' | 'tag'>): string {
  return `${name}:${tag}`
}

/** A name for releases out of a base's own: `SmolLM2 135M (Q4)` becomes `smollm2-135m-q4`; undefined where nothing is left. */
export function releaseNameOf(baseName: string): string | undefined {
  const name = baseName
    .toLowerCase()
    .replaceAll(/[^a-z0-9._]+/g, '-')
    .slice(0, LIMITS.word)
    .replaceAll(/^[._-]+|[._-]+$/g, '')
  return isReleaseWord(name) ? name : undefined
}

/**
 * Reads `NAME[:TAG]`; undefined for what is no such thing (a base's own name may have capitals and spaces).
 * @throws OppuError INVALID_ARGUMENT for a name with a tag that cannot be one.
 */
export function parseReleaseName(text: string): { readonly name: string; readonly tag: string } | undefined {
  const colon = text.indexOf(':')
  const name = colon === -1 ? text : text.slice(0, colon)
  const tag = colon === -1 ? DEFAULT_TAG : text.slice(colon + 1)
  if (!isReleaseWord(name)) return undefined
  if (!isReleaseWord(tag))
    throw new OppuError('INVALID_ARGUMENT', `not a tag: ${JSON.stringify(tag.slice(0, 80))}`)
  return { name, tag }
}

/** Canonical bytes. @throws OppuError INVALID_DATA naming the rule that is broken. */
export function encodeRelease({ version, name, tag, baseId, serial, createdAt }: Release): Uint8Array {
  demandVersion(version, 1, 'a release')
  for (const [word, what] of [
    [name, 'name'],
    [tag, 'tag'],
  ] as const) {
    if (!isReleaseWord(word))
      invalid(
        `a release's ${what} has 1 to ${LIMITS.word} lower-case letters, digits and ._- between them, ` +
          `unlike ${JSON.stringify(word.slice(0, 80))}`,
      )
  }
  return oppu.Release.encode({
    version: 1,
    name,
    tag,
    baseId: idToBytes(baseId),
    serial: demandInteger(serial, 1, Number.MAX_SAFE_INTEGER, "a release's serial"),
    createdAt: demandTime(createdAt, "a release's date"),
  }).finish()
}

/** @throws OppuError INVALID_DATA, TOO_LARGE; PROTOCOL_VIOLATION for an unknown version. */
export function decodeRelease(bytes: Uint8Array): Release {
  const message = decodeMessage(oppu.Release, bytes, LIMITS.bytes, 'a release')
  demandVersion(message.version, 1, 'a release')
  const release: Release = {
    version: 1,
    name: message.name,
    tag: message.tag,
    baseId: demandId<BaseId>(message.baseId, "a release's base id"),
    serial: demandInteger(message.serial, 1, Number.MAX_SAFE_INTEGER, "a release's serial"),
    createdAt: demandTime(message.createdAt, "a release's date"),
  }
  demandCanonical(bytes, encodeRelease(release), 'a release')
  return release
}

/** @throws OppuError BAD_SIGNATURE when it is not `coordinator`'s, and as `decodeRelease`. */
export function openRelease(signed: Signed, coordinator: UserId): Release {
  return decodeRelease(verifyBytes('release', signed, coordinator))
}
