/**
 * One pull, from what was asked for to a whole base: which base that is (by the coordinator's word, or by its id alone,
 * which proves as much of the bytes and nothing of who stands behind them), who may have it, what is here already, and
 * the rest from peers. What has come is provided to others while the pull goes on. No step needs the coordinator to be
 * reachable when the base is known by its id, or what it said was kept.
 *
 * Leaves to peering.ts to open the peer, to node/store what is kept and to node/swarm how peers are asked.
 */
import { isOppuError, OppuError } from '../protocol/errors.ts'
import { type BaseId, shortId } from '../protocol/ids.ts'
import type { BaseManifest } from '../protocol/manifest.ts'
import { repair } from './base/upkeep.ts'
import { isWhole } from './base/whole-files.ts'
import { statusPath } from './networking.ts'
import type { Bases, StoredBase } from './store/bases.ts'
import { demandLicence, type LicenceOffer } from './store/catalogue.ts'
import { type ChunkSink, partialFolder } from './store/chunks.ts'
import { readOutline } from './store/outlines.ts'
import { beginPull } from './store/sharing.ts'
import type { CoordinatorClient } from './swarm/coordinator-client.ts'
import { Discovery } from './swarm/discovery.ts'
import { type FetchProgress, type FetchResult, fetchBase } from './swarm/fetcher.ts'
import { Found } from './swarm/found.ts'
import { fetchManifest, fetchOutline } from './swarm/introduction.ts'
import { NetworkStatusFile } from './swarm/network-status.ts'
import { type Peer, peerIdOf } from './swarm/peer.ts'
import { Provider } from './swarm/provider.ts'
import { findPublished } from './swarm/published.ts'

export interface PullOptions {
  readonly onNote?: (text: string) => void
  readonly onProgress?: (progress: FetchProgress) => void
  /** Puts a licence before the user and says whether it was accepted; without it only bases are pulled that need none. */
  readonly acceptLicence?: (offer: LicenceOffer) => Promise<boolean>
  /** Addresses of peers to ask, besides those that are found. */
  readonly peers?: readonly string[]
  /** Where to be reachable by others while the pull runs; nowhere where empty. */
  readonly listen?: readonly string[]
  /** Bytes a second over all peers. */
  readonly downloadLimit?: number | undefined
  readonly uploadLimit?: number | undefined
  readonly signal?: AbortSignal
}

export interface PullResult {
  readonly id: BaseId
  readonly name: string
  readonly bytes: number
  /** Bytes that other bases here had. */
  readonly shared: number
  /** Verified bytes by the peer they came from. */
  readonly received: Readonly<Record<string, number>>
  /** Chunks that came wrong and were fetched again. */
  readonly refetched: number
  readonly seconds: number
}

export interface PullParts {
  readonly home: string
  readonly bases: Bases
  /** Stays the caller's to close, as everything here. */
  readonly peer: Peer
  /** Absent where no coordinator was joined. */
  readonly client?: CoordinatorClient
  /** Addresses that the user's configuration gives. */
  readonly told: readonly string[]
}

/** Which base it is. */
interface Chosen {
  readonly id: BaseId
  readonly manifest: BaseManifest
  readonly licenceText?: string
  /** The release it was asked for by. */
  readonly as?: string
  readonly published: boolean
}

/**
 * @throws OppuError NOT_FOUND, AMBIGUOUS, LICENCE_NOT_ACCEPTED, NO_PROVIDER, DISK_FULL before the first byte, and those
 * of `fetchBase`; INVALID_ARGUMENT for an address.
 */
export async function pullBase(
  parts: PullParts,
  wanted: string | undefined,
  options: PullOptions,
): Promise<PullResult> {
  const started = Date.now()
  const { bases, peer, home } = parts
  const { onNote, onProgress, downloadLimit, signal } = options
  for (const address of options.peers ?? []) peerIdOf(address)
  const waiting = signal === undefined ? {} : { signal }
  await using discovery = openDiscovery(parts, options)
  await using _status = NetworkStatusFile.keep(statusPath(home), peer, discovery)
  const over = new AbortController()
  using _ = { [Symbol.dispose]: () => over.abort() }
  const search = (id: BaseId) => new Found(discovery.providersOf(id, { signal: over.signal }), over.signal)
  const chosen = await choose(parts, wanted, options, search)
  const { id, manifest, licenceText } = chosen
  const { name, licence } = manifest
  const here = (await bases.list()).find(base => base.id === id)
  if (here !== undefined) {
    if (await isWhole(here, signal))
      return { id, name, bytes: 0, shared: 0, received: {}, refetched: 0, seconds: 0 }
    onNote?.(`the files of ${name} on this node are damaged: putting them right`)
  }
  if (licenceText !== undefined)
    await demandLicence(home, { base: id, name, licence, text: licenceText }, options.acceptLicence)
  const providers = search(id)
  let fetched: FetchResult | undefined
  const fetch = async (into: ChunkSink) => {
    await using _provided = await provide(parts, chosen, into, options)
    fetched = await fetchBase({
      peer,
      providers,
      into,
      downloadLimit,
      ...(onProgress ? { onProgress } : {}),
      ...waiting,
    })
    for (const [from, bytes] of Object.entries(fetched.from)) if (bytes > 0) discovery.proved(from, id)
    for (const { peer: id, error } of fetched.dropped)
      if (error.code !== 'NOT_FOUND') onNote?.(`dropped peer ${id}: ${error.message}`)
  }
  const shared = await fill(bases, chosen, here, {
    onShared: (bytes, totalBytes) => onProgress?.({ bytes, totalBytes, bytesPerSecond: 0, from: {} }),
    fetch,
    outline: () => fetchOutline({ peer, providers, manifest, ...waiting }),
    ...waiting,
  })
  const { bytes = shared, from: received = {}, refetchedChunks: refetched = 0 } = fetched ?? {}
  return { id, name, bytes, shared, received, refetched, seconds: (Date.now() - started) / 1000 }
}

/** Takes what is here, in other bases or from an earlier pull, and fetches the rest; answers the bytes of other bases. */
async function fill(
  bases: Bases,
  { id, manifest, as }: Chosen,
  here: StoredBase | undefined,
  {
    onShared,
    signal,
    ...sources
  }: Pick<Parameters<typeof repair>[2], 'fetch' | 'outline'> & {
    readonly onShared: (bytes: number, totalBytes: number) => void
    readonly signal?: AbortSignal
  },
): Promise<number> {
  const waiting = signal === undefined ? {} : { signal }
  if (here !== undefined) return (await repair(bases, here, sources, waiting)).shared
  const left = await readOutline(partialFolder(bases.folder, id), manifest).catch(() => undefined)
  const outline = left ?? (await sources.outline())
  const begun = await beginPull(bases, outline, {
    onProgress: bytes => onShared(bytes, outline.bytes),
    ...(as === undefined ? {} : { as }),
    ...waiting,
  })
  await using folder = begun.folder
  await sources.fetch(folder)
  return begun.shared
}

/** By what the coordinator publishes; where it does not know, or is not there, by the id alone. */
async function choose(
  { client, bases, peer }: PullParts,
  wanted: string | undefined,
  { onNote, signal }: PullOptions,
  search: (id: BaseId) => Found,
): Promise<Chosen> {
  const waiting = signal === undefined ? {} : { signal }
  const byId = wanted !== undefined && /^[0-9a-f]{64}$/i.test(wanted)
  let reason = new OppuError('NOT_FOUND', 'no coordinator joined yet: oppu node join ADDRESS')
  if (client !== undefined) {
    try {
      const { id, manifest, licenceText, release } = await findPublished(client, wanted, waiting)
      const as = release === undefined ? undefined : `${release.name}:${release.tag}`
      const signer = `signed by coordinator ${shortId(client.key)}, signature good`
      onNote?.(`${as === undefined ? '' : `${as} is `}${manifest.name} ${shortId(id)}: ${signer}`)
      return {
        id,
        manifest,
        published: true,
        ...(licenceText === undefined ? {} : { licenceText }),
        ...(as === undefined ? {} : { as }),
      }
    } catch (error) {
      if (!isOppuError(error)) throw error
      reason = error
    }
  }
  if (!byId) throw reason
  const id = wanted.toLowerCase() as BaseId
  const here = await bases.get(id).catch(() => undefined)
  const found = here ?? (await fetchManifest({ peer, providers: search(id), id, ...waiting }))
  const { manifest } = found
  const known = 'keys' in found ? await client?.passedOn(id, found) : undefined
  const said =
    known === undefined
      ? `no coordinator says so (${reason.message})`
      : `signed by coordinator ${shortId(known.signed.signer)}, signature good, passed on by a peer${known.licenceText === undefined ? ' without the text of a licence' : ''}`
  onNote?.(`${manifest.name} ${shortId(id)}, licence ${manifest.licence}: proven by its id; ${said}`)
  const { licenceText } = known ?? {}
  return { id, manifest, published: false, ...(licenceText === undefined ? {} : { licenceText }) }
}

function openDiscovery({ peer, client, told }: PullParts, { peers = [], onNote }: PullOptions): Discovery {
  return new Discovery({
    peer,
    told: [...peers, ...told],
    ...(client === undefined ? {} : { coordinator: (id, waiting) => client.providers(id, waiting) }),
    onFailure: (source, error) => {
      if (source === 'coordinator') onNote?.(`the coordinator names no peers: ${error.message}`)
    },
  })
}

/** Answers others for what has come, and tells the coordinator, until disposed of. */
async function provide(
  { peer, client }: PullParts,
  { id, published }: Chosen,
  base: ChunkSink,
  { listen = [], uploadLimit }: PullOptions,
): Promise<AsyncDisposable> {
  await using parts = new AsyncDisposableStack()
  parts.use(await Provider.open(peer, [base], { uploadLimit, published: async id => client?.kept(id) }))
  if (listen.length > 0 && published && client !== undefined) parts.use(client.stayAnnounced(() => [id]))
  return parts.move()
}
