/**
 * The messages of `/oppu/chunks/2.0.0`, typed: what one peer asks another about a base, and what comes back. Everything
 * from the wire becomes typed here or is refused, so that provider and fetcher deal in values that keep the limits.
 *
 * Leaves to rpc.ts the frames, and to the fetcher whether an answer is true: a manifest is held against the base's id,
 * a part of an outline against the manifest's root, a chunk against the outline.
 */
import { decodeMessage, demandInteger } from './canonical.ts'
import { ChunkSet } from './chunk-set.ts'
import { isOppuError, OppuError } from './errors.ts'
import { type BaseId, idFromBytes, idToBytes } from './ids.ts'
import { SWARM_LIMITS as LIMITS, MANIFEST_LIMITS } from './limits.ts'
import type { Signed } from './manifest.ts'
import { signedFromMessage, signedToMessage } from './manifest.ts'
import { oppu } from './messages.pb.js'
import type { OutlinePart } from './outline.ts'

export type BaseAsk =
  | { readonly kind: 'manifest' }
  | { readonly kind: 'outline'; readonly file: number; readonly first: number; readonly count: number }
  /** Answered when there is more than `revision`, or after `waitMs`. */
  | { readonly kind: 'holdings'; readonly revision: number; readonly waitMs: number }
  /** At most `count` of `candidates`, the most wanted first; none when there was none within `waitMs`. */
  | {
      readonly kind: 'chunks'
      readonly candidates: readonly number[]
      readonly count: number
      readonly waitMs: number
    }

export interface BaseRequest {
  readonly id: BaseId
  readonly ask: BaseAsk
}

/** A manifest as peers pass it on. */
export interface PassedManifest {
  /** Canonical bytes: their SHA-256 is the base's id. */
  readonly manifest: Uint8Array
  /** The same as a coordinator signed it, its licence text, and the changes that lead to the key that signed. */
  readonly published?: Signed
  readonly licence?: Signed
  readonly keys: readonly Signed[]
}

export interface Holdings {
  /** Changes whenever `held` does. */
  readonly revision: number
  readonly held: ChunkSet
}

const HASH = 32

export function encodeBaseRequest({ id, ask }: BaseRequest): Uint8Array {
  const baseId = idToBytes(id)
  if (ask.kind === 'manifest') return oppu.BaseRequest.encode({ baseId, manifest: {} }).finish()
  const { kind, ...fields } = ask
  return oppu.BaseRequest.encode({ baseId, [kind]: fields }).finish()
}

/** @throws OppuError TOO_LARGE for a request over the limits, PROTOCOL_VIOLATION for anything else that is none. */
export function decodeBaseRequest(bytes: Uint8Array): BaseRequest {
  const message = read('a request', () => decodeMessage(oppu.BaseRequest, bytes, LIMITS.request, 'a request'))
  if (message.baseId.length !== HASH) violation('a request without a base id')
  const id = idFromBytes<BaseId>(message.baseId)
  const { outline, holdings, chunks } = message
  if (message.manifest != null) return { id, ask: { kind: 'manifest' } }
  if (outline != null) {
    const [file, first, count] = [outline.file ?? 0, outline.first ?? 0, outline.count ?? 0]
    if (count < 1) violation('a request for no part of an outline')
    if (count > LIMITS.outlineChunks) tooLarge('a request for too much of an outline')
    return { id, ask: { kind: 'outline', file, first, count } }
  }
  if (holdings != null) {
    const waitMs = Math.min(holdings.waitMs ?? 0, LIMITS.waitMs)
    return { id, ask: { kind: 'holdings', revision: holdings.revision ?? 0, waitMs } }
  }
  if (chunks != null) {
    const [candidates, count] = [chunks.candidates ?? [], chunks.count ?? 0]
    if (candidates.length === 0 || count < 1) violation('a request for no chunk')
    if (candidates.length > LIMITS.candidates) tooLarge('a request with too many candidates')
    if (count > LIMITS.chunks) tooLarge('a request for too many chunks')
    const waitMs = Math.min(chunks.waitMs ?? 0, LIMITS.waitMs)
    return { id, ask: { kind: 'chunks', candidates, count, waitMs } }
  }
  return violation('a request that asks nothing')
}

/** What was signed is the manifest itself, most of the time, and then goes without a second copy of its bytes. */
export function encodeManifestAnswer({ manifest, published, licence, keys }: PassedManifest): Uint8Array {
  const isSame = published !== undefined && Buffer.compare(published.bytes, manifest) === 0
  const bare = isSame ? { bytes: new Uint8Array() } : {}
  return oppu.ManifestAnswer.encode({
    manifest,
    ...(published === undefined ? {} : { published: { ...signedToMessage(published), ...bare } }),
    ...(licence === undefined ? {} : { licence: signedToMessage(licence) }),
    keys: keys.map(signedToMessage),
  }).finish()
}

/** Nothing in it is checked here. @throws OppuError PROTOCOL_VIOLATION. */
export function decodeManifestAnswer(bytes: Uint8Array): PassedManifest {
  return read('a manifest', () => {
    const message = decodeMessage(oppu.ManifestAnswer, bytes, LIMITS.manifestReply, 'an answer')
    const { manifest, published, licence, keys } = message
    const bare = published?.bytes?.length ? {} : { bytes: manifest }
    return {
      manifest,
      ...(published == null ? {} : { published: signedFromMessage({ ...published, ...bare }) }),
      ...(licence == null ? {} : { licence: signedFromMessage(licence) }),
      keys: keys.map(signedFromMessage),
    }
  })
}

export function encodeOutlineAnswer({ offset, lengths, hashes, proof }: OutlinePart): Uint8Array {
  return oppu.OutlineAnswer.encode({ offset, lengths: [...lengths], hashes, proof }).finish()
}

/** `verifyPart` has to hold it against the manifest. @throws OppuError PROTOCOL_VIOLATION. */
export function decodeOutlineAnswer(bytes: Uint8Array): OutlinePart {
  return read('a part of an outline', () => {
    const message = decodeMessage(oppu.OutlineAnswer, bytes, LIMITS.reply, 'an answer')
    const { lengths, hashes, proof } = message
    const offset = demandInteger(message.offset, 0, MANIFEST_LIMITS.totalBytes, 'an offset')
    return { offset, lengths: Uint32Array.from(lengths), hashes, proof }
  })
}

export function encodeHoldings({ revision, held }: Holdings): Uint8Array {
  const complete = held.size === held.count
  return oppu.HoldingsAnswer.encode({ revision, held: complete ? new Uint8Array() : held.bytes() }).finish()
}

/** Of a base of `count` chunks. @throws OppuError PROTOCOL_VIOLATION. */
export function decodeHoldings(bytes: Uint8Array, count: number): Holdings {
  return read('holdings', () => {
    const { revision, held } = decodeMessage(oppu.HoldingsAnswer, bytes, LIMITS.reply, 'an answer')
    return { revision, held: held.length === 0 ? ChunkSet.full(count) : ChunkSet.from(held, count) }
  })
}

export function encodeChunksAnswer(chunks: readonly number[]): Uint8Array {
  return oppu.ChunksAnswer.encode({ chunks: [...chunks] }).finish()
}

/** The chunks whose bytes follow: some of those asked for, each once. @throws OppuError PROTOCOL_VIOLATION. */
export function decodeChunksAnswer(
  bytes: Uint8Array,
  asked: { readonly candidates: readonly number[]; readonly count: number },
): number[] {
  const { chunks } = read('an answer', () =>
    decodeMessage(oppu.ChunksAnswer, bytes, LIMITS.reply, 'an answer'),
  )
  if (chunks.length > asked.count || new Set(chunks).size !== chunks.length)
    violation('more chunks than were asked for')
  const candidates = new Set(asked.candidates)
  if (!chunks.every(chunk => candidates.has(chunk))) violation('a chunk that was not asked for')
  return chunks
}

/** What cannot be read from a peer is its fault, not this side's data's. */
function read<T>(what: string, decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    if (isOppuError(cause) && cause.code !== 'INVALID_DATA') throw cause
    throw new OppuError('PROTOCOL_VIOLATION', `${what} cannot be read`, { cause })
  }
}

function violation(what: string): never {
  throw new OppuError('PROTOCOL_VIOLATION', what)
}

function tooLarge(what: string): never {
  throw new OppuError('TOO_LARGE', what)
}
