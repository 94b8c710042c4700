/**
 * An invitation to a private community: whoever holds one that the coordinator signed may join, as often as it says
 * and until it expires. Its text form is what people pass on; it names the coordinator's key, where the coordinator is,
 * and the network's key where there is one, so that nothing else has to be known to join.
 *
 * Leaves to the coordinator who has used it and whether it was revoked. Rejected: short codes that a server looks up
 * (whoever joins would have to trust the address they typed).
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
import { type InvitationId, idToBytes, type UserId } from './ids.ts'
import { COORDINATOR_LIMITS, INVITATION_LIMITS as LIMITS, MEMBERS_LIMITS } from './limits.ts'
import { decodeSigned, encodeSigned, type Signed, signBytes, verifyBytes } from './manifest.ts'
import { oppu } from './messages.pb.js'

export interface Invitation {
  readonly version: 1
  /** Random. */
  readonly id: InvitationId
  /** How many peers may join with it. */
  readonly uses: number
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** Of the coordinator, each ending in `/p2p/<id>`; at least one. */
  readonly addresses: readonly [string, ...string[]]
  /** What peers must know to shake hands; absent where the community has none. */
  readonly networkKey?: Uint8Array // [32]
}

/** An invitation with the key that signed it: the coordinator's. */
export interface SignedInvitation {
  readonly invitation: Invitation
  readonly coordinator: UserId
  readonly signed: Signed
}

/** What an invitation's text begins with; the number changes when older programs could not read it. */
const PREFIX = 'oppu-invite-1.'

/** What mail programs and chat windows put into long words. */
const STRAY = /[\s\u00ad\u200b-\u200d\u2060]+/g

/** Canonical bytes. @throws OppuError INVALID_DATA naming the rule that is broken. */
export function encodeInvitation(invitation: Invitation): Uint8Array {
  const { version, id, uses, expiresAt, addresses, networkKey } = invitation
  demandVersion(version, 1, 'an invitation')
  demandInteger(addresses.length, 1, LIMITS.addresses, "the number of an invitation's addresses")
  for (const address of addresses) {
    const plain = /^[\x21-\x7e]+$/.test(address) && address.length <= COORDINATOR_LIMITS.address
    if (!plain) invalid('an invitation holds what is no address')
  }
  if (networkKey !== undefined && networkKey.length !== MEMBERS_LIMITS.networkKey)
    invalid(`a network key has ${MEMBERS_LIMITS.networkKey} bytes`)
  return oppu.Invitation.encode({
    version: 1,
    id: idToBytes(id),
    uses: demandInteger(uses, 1, LIMITS.uses, "an invitation's uses"),
    expiresAt: demandTime(expiresAt, "an invitation's end"),
    addresses: [...addresses],
    ...(networkKey === undefined ? {} : { networkKey }),
  }).finish()
}

/** @throws OppuError INVALID_DATA, TOO_LARGE; PROTOCOL_VIOLATION for an unknown version. */
export function decodeInvitation(bytes: Uint8Array): Invitation {
  const message = decodeMessage(oppu.Invitation, bytes, LIMITS.bytes, 'an invitation')
  demandVersion(message.version, 1, 'an invitation')
  const [first, ...others] = message.addresses
  if (first === undefined) return invalid('an invitation names no address')
  const invitation: Invitation = {
    version: 1,
    id: demandId<InvitationId>(message.id, "an invitation's id"),
    uses: message.uses,
    expiresAt: demandTime(message.expiresAt, "an invitation's end"),
    addresses: [first, ...others],
    ...(message.networkKey.length === 0 ? {} : { networkKey: message.networkKey }),
  }
  demandCanonical(bytes, encodeInvitation(invitation), 'an invitation')
  return invitation
}

export function signInvitation(invitation: Invitation, seed: Uint8Array): Signed {
  return signBytes('invitation', encodeInvitation(invitation), seed)
}

/** Reads what `signer` signed, or whoever signed it where none is given. @throws BAD_SIGNATURE, and as `decodeInvitation`. */
export function openInvitation(signed: Signed, signer?: UserId): SignedInvitation {
  const invitation = decodeInvitation(verifyBytes('invitation', signed, signer))
  return { invitation, coordinator: signed.signer, signed }
}

/** The text that is passed on. */
export function invitationToText(signed: Signed): string {
  return PREFIX + Buffer.from(encodeSigned(signed)).toString('base64url')
}

/** True for what is meant as an invitation, whole or not: addresses begin otherwise. */
export function looksLikeInvitation(text: string): boolean {
  return text.replace(STRAY, '').startsWith('oppu-invite-')
}

/**
 * Reads an invitation's text, whatever spaces and line breaks came into it on the way.
 * @throws OppuError INVALID_ARGUMENT for what is none; INVALID_DATA for one that is damaged, cut off or was changed;
 * PROTOCOL_VIOLATION for one of a later version.
 */
export function invitationFromText(text: string): SignedInvitation {
  const token = text.replace(STRAY, '')
  if (!token.startsWith(PREFIX)) {
    if (/^oppu-invite-\d+\./.test(token))
      throw new OppuError('PROTOCOL_VIOLATION', 'an invitation of a later version of oppu')
    throw new OppuError('INVALID_ARGUMENT', `not an invitation: it would begin with ${PREFIX}`)
  }
  const letters = token.slice(PREFIX.length)
  const bytes = new Uint8Array(Buffer.from(letters, 'base64url'))
  try {
    if (Buffer.from(bytes).toString('base64url') !== letters) invalid('not base64url')
    return openInvitation(decodeSigned(bytes, LIMITS.bytes))
  } catch (cause) {
    throw new OppuError('INVALID_DATA', 'the invitation is damaged or cut off: copy all of it again', {
      cause,
    })
  }
}
