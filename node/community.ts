/**
 * The community that this node has joined: how it is joined, and what a peer must be told to be one of it (gate and
 * network key). It joins the configuration, the store's folder and the swarm's gate; each keeps its own rules.
 *
 * A join writes nothing until the coordinator has taken the node in and every signature held; the configuration, which
 * names the community, is written last.
 */
import { setTimeout } from 'node:timers/promises'
import { type ErrorCode, isOppuError, OppuError } from '../protocol/errors.ts'
import type { BaseId, TaskId, UserId } from '../protocol/ids.ts'
import { invitationFromText, looksLikeInvitation, type SignedInvitation } from '../protocol/invitation.ts'
import { currentKey } from '../protocol/key-change.ts'
import { openMembers } from '../protocol/members.ts'
import { readNodeConfig, writeNodeConfig } from './config.ts'
import { Catalogue } from './store/catalogue.ts'
import { CommunityFolder } from './store/community.ts'
import type { Vault } from './store/vault.ts'
import { CoordinatorClient } from './swarm/coordinator-client.ts'
import { EXPELLED, keyOfPeer, MemberGate } from './swarm/gate.ts'
import type { MemberNews } from './swarm/member-news.ts'
import { type Peer, type PeerOptions, peerIdOf, userIdOfAddress } from './swarm/peer.ts'

interface Waiting {
  readonly onNote?: (text: string) => void
  readonly signal?: AbortSignal
}

export interface JoinResult {
  /** The key that was pinned. */
  readonly coordinator: UserId
  /** Of a private community; undefined where everyone may connect. */
  readonly members: number | undefined
  readonly bases: readonly BaseId[]
  readonly tasks: readonly TaskId[]
}

interface Parts {
  readonly home: string
  readonly vault: Vault
  /** Opens this node's peer with these options beside its own. */
  readonly open: (options: Pick<PeerOptions, 'gate' | 'networkKey'>) => Promise<Peer>
}

/** Of how many bases a node that joins asks for the manifest, and who has them: so many requests in a minute are answered. */
const MANIFESTS_ASKED = 128
const PROVIDERS_ASKED = 16
/** How long a peer waits for the newest list when it opens; it goes on with the one it has. */
const FIRST_NEWS_MS = 3_000

/**
 * Opens a peer as a member of the community joined, or as anybody where that is open or there is none.
 * @throws OppuError NOT_A_MEMBER where the coordinator says that this node was expelled; those of `open`.
 */
export async function openMemberPeer(
  { home, vault, open }: Parts,
  { onNote, signal }: Waiting = {},
): Promise<Peer> {
  const { coordinator: address, coordinatorKey, community, standIns } = await readNodeConfig(home)
  if (address === '' || community === 'open') return open({})
  const coordinator = pinnedKey(address, coordinatorKey)
  const folder = new CommunityFolder(home, peerIdOf(address))
  const networkKey = await folder.networkKey(vault)
  const gate = new MemberGate({
    coordinator,
    coordinatorPeers: [address, ...standIns].map(peerIdOf),
    list: await keptList(folder, coordinator, onNote),
    keep: list => folder.keepList(list),
    onNote,
  })
  const peer = await open({ gate, ...(networkKey === undefined ? {} : { networkKey }) })
  try {
    const catalogue = new Catalogue(home, coordinator)
    const client = new CoordinatorClient({ peer, address, standIns, coordinator, catalogue })
    await gate.attach(peer, (serial, signal) => client.members(serial, { signal }))
    await Promise.race([gate.refresh(), setTimeout(FIRST_NEWS_MS, undefined, { ref: false })])
    signal?.throwIfAborted()
    if (gate.expelled) throw new OppuError('NOT_A_MEMBER', EXPELLED)
    return peer
  } catch (error) {
    await peer.close()
    throw error
  }
}

/**
 * Joins by an invitation's text, or by the address of an open coordinator (or of one that lists this node already).
 * @throws OppuError NOT_A_MEMBER, INVITATION_EXPIRED (also a revoked one), REFUSED (used up), BAD_SIGNATURE (another
 * coordinator's), INVALID_DATA (damaged), and those of CoordinatorClient. Nothing is changed then.
 */
export async function join(parts: Parts, text: string, options: Waiting = {}): Promise<JoinResult> {
  if (!looksLikeInvitation(text)) return joinAt(parts, text.trim(), undefined, options)
  const invitation = invitationFromText(text)
  let failure: unknown
  for (const address of invitation.invitation.addresses) {
    try {
      return await joinAt(parts, address, invitation, options)
    } catch (error) {
      if (!isOppuError(error, 'CONNECTION_FAILED') && !isOppuError(error, 'TIMEOUT')) throw error
      failure = error
    }
  }
  const { expiresAt } = invitation.invitation
  if (expiresAt <= Date.now())
    throw new OppuError('INVITATION_EXPIRED', `the invitation expired on ${day(expiresAt)}`, {
      cause: failure,
    })
  throw failure
}

async function joinAt(
  { home, vault, open }: Parts,
  address: string,
  invitation: SignedInvitation | undefined,
  { signal }: Waiting,
): Promise<JoinResult> {
  const waiting = signal === undefined ? {} : { signal }
  const coordinator = invitation?.coordinator ?? userIdOfAddress(address)
  const folder = new CommunityFolder(home, peerIdOf(address))
  const networkKey = invitation?.invitation.networkKey ?? (await folder.networkKey(vault))
  await using peer = await open(networkKey === undefined ? {} : { networkKey })
  const catalogue = new Catalogue(home, coordinator)
  const client = new CoordinatorClient({ peer, address, coordinator, catalogue })
  const news = await askForList(client, invitation, peer.id, waiting)
  const members = membersOf(news, coordinator, peer)
  const [bases, tasks] = [await client.bases(waiting), await client.tasks(waiting)]
  for (const id of bases.slice(0, MANIFESTS_ASKED)) await client.manifest(id, waiting)
  // Kept with the rest: so the first pull knows names and peers also when the coordinator has gone by then.
  await client.releases(waiting)
  for (const id of bases.slice(0, PROVIDERS_ASKED)) await client.providers(id, waiting)
  if (news.signed !== undefined) {
    await folder.keepList({ signed: news.signed, keys: news.keys })
    await folder.keepNetworkKey(vault, networkKey)
  }
  const before = await readNodeConfig(home)
  const same =
    before.coordinator !== '' && pinnedKey(before.coordinator, before.coordinatorKey) === coordinator
  const others = invitation?.invitation.addresses.filter(other => other !== address)
  await writeNodeConfig(home, {
    ...before,
    coordinator: address,
    standIns: [...new Set([...(others ?? []), ...(same ? before.standIns : [])])],
    coordinatorKey: coordinator === userIdOfAddress(address) ? '' : coordinator,
    community: news.signed === undefined ? 'open' : 'private',
  })
  return {
    coordinator,
    members,
    bases,
    tasks: tasks.map(({ id }) => id),
  }
}

async function askForList(
  client: CoordinatorClient,
  invitation: SignedInvitation | undefined,
  self: string,
  waiting: Waiting,
): Promise<MemberNews> {
  try {
    if (invitation !== undefined) return await client.join(invitation.signed, waiting)
    return await client.members(0, waiting)
  } catch (cause) {
    if (!isOppuError(cause)) throw cause
    // A coordinator from before there were private communities does not know the question.
    if (invitation === undefined && cause.code === 'PROTOCOL_VIOLATION') return { serial: 0, keys: [] }
    const refusal = invitation === undefined ? notListed(self)[cause.code] : refusals(invitation)[cause.code]
    if (refusal === undefined) throw cause
    throw new OppuError(refusal[0], refusal[1], { cause })
  }
}

/** What a coordinator's refusal means to whoever wants to join. */
type Refusals = Partial<Record<ErrorCode, readonly [ErrorCode, string]>>

const notListed = (self: string): Refusals => ({
  NOT_A_MEMBER: ['NOT_A_MEMBER', `this community is private, and this node (${self}) is not on its list`],
})

const refusals = ({ invitation }: SignedInvitation): Refusals => ({
  NOT_A_MEMBER: ['NOT_A_MEMBER', 'this node was expelled from the community'],
  NOT_FOUND: ['INVITATION_EXPIRED', 'the invitation was revoked'],
  INVITATION_EXPIRED: ['INVITATION_EXPIRED', `the invitation expired on ${day(invitation.expiresAt)}`],
  BAD_SIGNATURE: ['BAD_SIGNATURE', 'the invitation is for another community than its address'],
  REFUSED: [
    'REFUSED',
    'the invitation has been used as often as it allows, or the coordinator takes nobody at the moment',
  ],
})

/** How many there are on the list that came. @throws OppuError BAD_SIGNATURE; PROTOCOL_VIOLATION where this node is not. */
function membersOf({ signed, keys }: MemberNews, coordinator: UserId, peer: Peer): number | undefined {
  if (signed === undefined) return undefined
  const list = openMembers(signed, currentKey(coordinator, keys))
  if (!list.keys.some(key => key === keyOfPeer(peer.id)))
    throw new OppuError('PROTOCOL_VIOLATION', 'the coordinator sent a list that lacks this node')
  return list.keys.length
}

/** Of a list that does not hold any more only the coordinator can say what is true. */
async function keptList(folder: CommunityFolder, coordinator: UserId, onNote: Waiting['onNote']) {
  try {
    const list = await folder.list()
    if (list === undefined) onNote?.('there is no list of members here: the coordinator is asked for it')
    else openMembers(list.signed, currentKey(coordinator, list.keys))
    return list
  } catch (error) {
    if (!isOppuError(error)) throw error
    onNote?.(
      `the list of members on this node does not hold (${error.message}): the coordinator is asked for it`,
    )
    return undefined
  }
}

/** The key to check a coordinator's signatures with: the one given, or that of its address. */
export function pinnedKey(address: string, key: string): UserId {
  return key === '' ? userIdOfAddress(address) : (key as UserId)
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ')
}
