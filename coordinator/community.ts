/**
 * What an operator does with a private community: invite, revoke, look, expel, admit. Arguments and results are plain
 * JSON, peers are named by their peer ids, and things by as much of their ids as names one; so the same can be done on
 * the coordinator's folder and through a running coordinator.
 */
import { randomBytes } from 'node:crypto'
import { OppuError, only } from '../protocol/errors.ts'
import type { MemberKey } from '../protocol/ids.ts'
import { invitationFromText, invitationToText, looksLikeInvitation } from '../protocol/invitation.ts'
import { MEMBERS_LIMITS } from '../protocol/limits.ts'
import type { InvitationStatus, MemberStatus, Membership } from './members.ts'
import { keyOfPeerId, peerIdOfKey } from './peer.ts'

const DAY_MS = 24 * 3600 * 1000

export interface InvitationSummary {
  /** What is passed on. */
  readonly invitation: string
  readonly id: string
  readonly uses: number
  readonly used: number
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly state: InvitationStatus['state']
}

export interface MemberSummary {
  readonly peer: string
  readonly joinedAt: number
  /** Id of the invitation it came with. */
  readonly invitation?: string
}

/** Makes the community private, with a network key of random bytes where asked for. Again is as good as once. */
export async function makePrivate(
  membership: Membership,
  options: { readonly networkKey: boolean },
): Promise<{ readonly networkKey: boolean }> {
  const fresh = options.networkKey && membership.networkKey === undefined
  const networkKey = fresh ? new Uint8Array(randomBytes(MEMBERS_LIMITS.networkKey)) : undefined
  await membership.makePrivate(networkKey === undefined ? {} : { networkKey })
  return { networkKey: membership.networkKey !== undefined }
}

/** @throws OppuError REFUSED in an open community, INVALID_ARGUMENT. */
export async function invite(
  membership: Membership,
  options: {
    readonly uses: number
    readonly days: number
    readonly addresses?: readonly string[] | undefined
    /** Milliseconds since 1970. */
    readonly now: number
  },
): Promise<InvitationSummary> {
  const { uses, days, addresses, now } = options
  const expiresAt = now + Math.round(days * DAY_MS)
  const signed = await membership.invite({ uses, expiresAt, addresses })
  const text = invitationToText(signed)
  return only(
    invitations(membership).filter(({ invitation }) => invitation === text),
    'such invitation',
  )
}

/** Every invitation, the last to expire first. */
export function invitations(membership: Membership): InvitationSummary[] {
  return membership
    .invitations()
    .map(({ signed, ...rest }) => ({ invitation: invitationToText(signed), ...rest }))
}

/** Ends an invitation, named by its text or the first digits of its id. @throws OppuError NOT_FOUND, AMBIGUOUS. */
export async function revoke(membership: Membership, wanted: string): Promise<InvitationSummary> {
  const start = looksLikeInvitation(wanted)
    ? invitationFromText(wanted).invitation.id
    : wanted.trim().toLowerCase()
  const named = (id: string) => id.startsWith(start)
  const { id } = only(
    membership.invitations().filter(({ id }) => named(id)),
    `invitation ${start.slice(0, 80)}`,
  )
  await membership.revoke(id)
  return only(
    invitations(membership).filter(invitation => invitation.id === id),
    'such invitation',
  )
}

/** Every member, in the order of joining. */
export function members(membership: Membership): MemberSummary[] {
  return membership.members().map(summaryOf)
}

/**
 * Takes a member off the list. Returns the invitation it came with where others can still join with that: whoever holds
 * it can come back under another key. @throws OppuError NOT_FOUND, AMBIGUOUS, REFUSED.
 */
export async function expel(
  membership: Membership,
  wanted: string,
): Promise<{ readonly peer: string; readonly openInvitation?: string }> {
  const found = only(
    membership.members().filter(({ key }) => peerIdOfKey(key).startsWith(wanted)),
    `member ${wanted.slice(0, 80)}`,
  )
  await membership.expel(found.key)
  const open = membership.invitations().find(({ id, state }) => id === found.invitation && state === 'open')
  return { peer: peerIdOfKey(found.key), ...(open === undefined ? {} : { openInvitation: open.id }) }
}

/** Lets a peer in without an invitation, also one that was expelled. @throws OppuError INVALID_ARGUMENT, REFUSED. */
export async function admit(membership: Membership, peer: string): Promise<MemberSummary> {
  const key: MemberKey | undefined = keyOfPeerId(peer)
  if (key === undefined)
    throw new OppuError('INVALID_ARGUMENT', `not the peer id of a node: ${JSON.stringify(peer.slice(0, 80))}`)
  await membership.admit(key)
  return only(
    members(membership).filter(member => member.peer === peer),
    `member ${peer}`,
  )
}

function summaryOf({ key, ...rest }: MemberStatus): MemberSummary {
  return { peer: peerIdOfKey(key), ...rest }
}
