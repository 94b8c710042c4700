/**
 * What a pull needs before its first chunk, from peers: a base's manifest, which its id proves, and the outline of a
 * version-2 base, which the manifest's roots prove. So whoever knows 64 digits and one peer needs no coordinator. Each
 * is asked of one peer after the other as they are found; a wrong answer costs one question. Leaves the chunks to
 * fetcher.ts and to the caller whether a manifest that no coordinator signed is one it wants.
 */
import { sha256 } from '../../protocol/canonical.ts'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import {
  type BaseAsk,
  decodeManifestAnswer,
  decodeOutlineAnswer,
  encodeBaseRequest,
  type PassedManifest,
} from '../../protocol/exchange.ts'
import { type BaseId, idFromBytes } from '../../protocol/ids.ts'
import { PROTOCOLS, SWARM_LIMITS } from '../../protocol/limits.ts'
import { type BaseManifest, baseId, decodeManifest, type ManifestV2 } from '../../protocol/manifest.ts'
import { type ChunkList, Outline, verifyPart } from '../../protocol/outline.ts'
import { call } from '../../protocol/rpc.ts'
import type { Addresses } from './found.ts'
import { type Peer, peerIdOf } from './peer.ts'

export interface AskOptions {
  readonly peer: Peer
  /** Addresses, each ending in `/p2p/<id>`; they may come while peers are asked. */
  readonly providers: Addresses
  readonly signal?: AbortSignal
}

/** A manifest that its id proves, and what came with it, unchecked. */
export interface FoundManifest extends Omit<PassedManifest, 'manifest'> {
  readonly manifest: BaseManifest
}

/**
 * The manifest of a base from the first peer that has it.
 * @throws OppuError NO_PROVIDER with the last peer's error as its cause; INVALID_ARGUMENT for an address; the signal's reason.
 */
export async function fetchManifest(options: AskOptions & { readonly id: BaseId }): Promise<FoundManifest> {
  const { id } = options
  return await askEach(options, `the manifest of base ${id}`, async ask => {
    const { manifest, ...rest } = decodeManifestAnswer(await ask(id, { kind: 'manifest' }))
    if (idFromBytes<BaseId>(sha256(manifest)) !== id)
      throw new OppuError('HASH_MISMATCH', `a manifest is not that of base ${id}`)
    return { ...rest, manifest: decodeManifest(manifest) }
  })
}

/** The outline of a base: of version 1 without asking anyone. @throws as fetchManifest. */
export async function fetchOutline(
  options: AskOptions & { readonly manifest: BaseManifest },
): Promise<Outline> {
  const { manifest } = options
  if (manifest.version === 1) return Outline.ofVersion1(manifest)
  const lists = manifest.files.map(({ chunkCount }) => ({
    lengths: new Uint32Array(chunkCount),
    hashes: new Uint8Array(32 * chunkCount),
    here: 0,
  }))
  // What one peer gave and was proved stays when the next has to go on.
  return await askEach(options, `the list of chunks of ${manifest.name}`, async ask => {
    for (const [file, list] of lists.entries())
      while (list.here < list.lengths.length) await takePart(ask, manifest, file, list)
    return Outline.of(manifest, lists)
  })
}

type Ask = (id: BaseId, ask: BaseAsk) => Promise<Uint8Array>

async function takePart(
  ask: Ask,
  manifest: ManifestV2,
  file: number,
  list: ChunkList & { here: number },
): Promise<void> {
  const first = list.here
  const count = Math.min(SWARM_LIMITS.outlineChunks, list.lengths.length - first)
  const part = decodeOutlineAnswer(await ask(baseId(manifest), { kind: 'outline', file, first, count }))
  if (part.lengths.length !== count)
    throw new OppuError('PROTOCOL_VIOLATION', 'another part of an outline than was asked for')
  verifyPart(manifest.files[file]!, first, part)
  list.lengths.set(part.lengths, first)
  list.hashes.set(part.hashes, 32 * first)
  list.here += count
}

/** Tries `take` with one peer after the other until it succeeds. */
async function askEach<T>(options: AskOptions, what: string, take: (ask: Ask) => Promise<T>): Promise<T> {
  const { peer, providers, signal } = options
  let last: OppuError | undefined
  for await (const address of providers) {
    signal?.throwIfAborted()
    if (peerIdOf(address) === peer.id) continue
    try {
      return await take((id, ask) => askPeer(peer, address, id, ask, signal))
    } catch (error) {
      signal?.throwIfAborted()
      if (!isOppuError(error) || error.code === 'CLOSED') throw error
      last = error
    }
  }
  const why = last === undefined ? 'none is known' : last.message
  throw new OppuError('NO_PROVIDER', `no peer gives ${what}: ${why}`, { cause: last })
}

async function askPeer(
  peer: Peer,
  address: string,
  id: BaseId,
  ask: BaseAsk,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const waiting = signal === undefined ? {} : { signal }
  const duplex = await peer.dial([address], PROTOCOLS.swarm, { category: 'chunk-request', ...waiting })
  const maximumReply = ask.kind === 'manifest' ? SWARM_LIMITS.manifestReply : SWARM_LIMITS.reply
  return await call(duplex, encodeBaseRequest({ id, ask }), { maximumReply, ...waiting })
}
