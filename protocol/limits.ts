/**
 * Every limit and every constant that two sides must agree on, once. README.md beside this file quotes the same
 * numbers in its table "Limits", and a test compares the two. What a limit protects stands with it.
 */

export const KIB = 1024
export const MIB = 1024 * KIB

/** What a base's manifest may say. */
export const MANIFEST_LIMITS = {
  /** Canonical bytes of one manifest. */
  bytes: 8 * MIB,
  files: 1000,
  /** UTF-8 bytes of one path. */
  path: 255,
  /** Characters of name, licence and architecture. */
  text: 200,
  minimumChunk: 4 * KIB,
  maximumChunk: 4 * MIB,
  /** Of all files together, where the manifest has roots instead of hashes: an outline stays under 19 MiB. */
  chunks: 524_288,
  /** All files together; 128 GiB. */
  totalBytes: 131_072 * MIB,
} as const

export const ADAPTER_LIMITS = {
  bytes: 1 * MIB,
  tensors: 20_000,
  rank: 4,
  text: 300,
  /** Canonical JSON of the method's configuration. */
  configuration: 16 * KIB,
} as const

export const TASK_LIMITS = {
  bytes: 1 * KIB,
  title: 200,
  /** No task may ask about fewer held-out items than this. */
  minimumItems: 5,
  /** A task lives at most a year. */
  lifetimeMs: 366 * 24 * 3600 * 1000,
} as const

export const REPORT_LIMITS = {
  bytes: 1 * KIB,
  items: 1_000_000,
  /** No score may be larger than this in size. */
  score: 100_000,
} as const

export const RELEASE_LIMITS = {
  bytes: 256,
  /** Characters of a name or a tag. */
  word: 64,
} as const

export const KEY_LIMITS = {
  /** Canonical bytes of one change. */
  bytes: 64,
  /** Changes that one coordinator can make. */
  changes: 100,
} as const

export const PROTOCOLS = {
  chunks: '/oppu/chunks/1.0.0',
  swarm: '/oppu/chunks/2.0.0',
  coordinator: '/oppu/coordinator/1.0.0',
  members: '/oppu/members/1.0.0',
  kad: '/oppu/kad/1.0.0',
} as const

/** What one call may take; every read of a frame has a deadline and a cap. */
export const RPC_LIMITS = {
  /** A request frame must have come whole after this long. */
  requestMs: 10_000,
  /** A reply frame must have come whole after this long. */
  replyMs: 30_000,
  /** One piece of a byte stream must have been taken by the other side after this long. */
  sendMs: 60_000,
  /** Whoever answered ends the stream within this long, or it is cut off. */
  endMs: 1_000,
  /** In every such span a byte stream must bring at least `windowBytes`, or be done. */
  windowMs: 15_000,
  windowBytes: 64 * KIB,
} as const

export const CHUNK_LIMITS = {
  request: 128,
  /** Body of a reply to a chunk request: always empty, the chunks follow it. */
  reply: 256,
  /** Chunks and bytes that one request may ask for. */
  chunks: 64,
  streamBytes: 16 * MIB,
  /** Requests that one connection may have open at a provider; more are reset. */
  streamsPerConnection: 8,
} as const

/** What peers ask each other about a base: `/oppu/chunks/2.0.0`. */
export const SWARM_LIMITS = {
  /** More than the most candidates need. */
  request: 2 * KIB,
  /** Body of a reply, but for a manifest: more than the longest part of an outline with its proof. */
  reply: 512 * KIB,
  /** A manifest with its licence and the keys that lead to it. */
  manifestReply: MANIFEST_LIMITS.bytes + 512 * KIB,
  /** Chunks of one part of an outline. */
  outlineChunks: 8192,
  /** Chunks that one request may name, and of which it may ask for some. */
  candidates: 256,
  chunks: 64,
  streamBytes: 16 * MIB,
  /** A provider keeps a request waiting this long at most, for chunks that it has not yet or for its turn. */
  waitMs: 20_000,
  /** Requests that one connection may have open at a provider; more are reset. */
  streamsPerConnection: 16,
  /** Requests that wait at a provider, over all connections; more are answered UNAVAILABLE. */
  waiting: 4096,
  /** Requests that a provider sends chunks to at once: one chunk each is in memory. */
  served: 16,
  /** What it reads ahead of that, for all of them. */
  readAheadBytes: 16 * MIB,
  /** A request that is still being sent chunks after this long may be dropped when others wait. */
  turnMs: 60_000,
  /** A peer that has taken nothing for this long is dropped. */
  takeMs: 30_000,
} as const

export const COORDINATOR_LIMITS = {
  request: 8 * KIB,
  /** Every reply but a manifest: larger than the longest list of tasks. */
  reply: 1 * MIB,
  /** Larger than any manifest with its licence. */
  manifestReply: MANIFEST_LIMITS.bytes + 512 * KIB,
  licence: 256 * KIB,
  /** Manifests and tasks that one coordinator publishes. */
  manifests: 1000,
  tasks: 500,
  /** Names with their tags. */
  releases: 1000,
  basesPerAnnouncement: 64,
  addressesPerAnnouncement: 8,
  /** Characters of one address. */
  address: 300,
  providersPerBase: 64,
  /** Members whose announcements are kept at once. */
  members: 10_000,
  announcementMs: 600_000,
  reportsPerTask: 100_000,
  /** Requests that one peer may make a minute, over all its connections. */
  requestsPerMinute: 240,
  streamsPerConnection: 8,
} as const

export const INVITATION_LIMITS = {
  /** Canonical bytes: all its addresses at their longest, and what is beside them. */
  bytes: 3 * KIB,
  addresses: 8,
  /** Peers that may join with one. */
  uses: 10_000,
  /** An invitation lives at most a year. */
  lifetimeMs: 366 * 24 * 3600 * 1000,
} as const

export const MEMBERS_LIMITS = {
  /** Canonical bytes; a reply holds it. */
  bytes: 512 * KIB,
  keys: 10_000,
  /** How long a coordinator vouches for a list, at most. */
  lifetimeMs: 366 * 24 * 3600 * 1000,
  /** Bytes of the secret that a community may ask of everyone who shakes hands. */
  networkKey: 32,
  /** Of a request for a list, and of a reply with one. */
  request: 64,
  reply: 1 * MIB,
  streamsPerConnection: 2,
  /** How often a node asks whether there is a newer list: an expulsion is known this long after it, at most. */
  refreshMs: 30_000,
} as const

/** What a private coordinator allows those who are no members, who may only join: what they can cost it. */
export const STRANGER_LIMITS = {
  connections: 32,
  connectedMs: 30_000,
  /** Handshake, identify and a request to join take a few KiB. Also caps what a frame's header can make yamux keep. */
  bytes: 64 * KIB,
} as const

/** Finding peers and reaching them. */
export const DISCOVERY = {
  /** A question to the distributed table of providers has been answered, or not, after this long. */
  queryMs: 20_000,
  /** How often the local network is asked who is there. */
  lanQueryMs: 10_000,
  /** Providers that one search gives, and addresses of each. */
  providersPerSearch: 256,
  addressesPerPeer: 8,
  /** Peers kept between runs, the bases noted of each, and how long one that was not heard of again is kept. */
  keptPeers: 1000,
  basesPerPeer: 64,
  keptMs: 60 * 24 * 3600 * 1000,
  /** Peers that one relay carries connections to. */
  relayReservations: 256,
  /** One relayed connection where the relay knows no members; for members there is no such limit. */
  relayedBytes: 65_536 * MIB,
  relayedMs: 24 * 3600 * 1000,
  /** How often a peer behind a relay looks whether it still is. */
  relayRetryMs: 15_000,
} as const

/** How both ends set up libp2p (TCP, noise, yamux, identify, ping). */
export const TRANSPORT = {
  /** A window of 256 KiB gives half the throughput of 16 MiB. */
  maximumWindow: 16 * MIB,
  /** That of a stream for chunks from its beginning; half of it is told of at once. */
  chunkWindow: 4 * MIB,
  /** Without a round-trip time, which keep-alive measures, the window never grows. */
  keepAliveMs: 5_000,
  /** How often a silent connection is pinged, and how long the answer may take. */
  pingMs: 10_000,
  pingTimeoutMs: 5_000,
  dialMs: 10_000,
  /** Inbound connections a second from one host; loopback counts too. */
  inboundPerSecond: 50,
  maximumConnections: 300,
} as const
