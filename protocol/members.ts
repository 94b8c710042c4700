/**
 * Who may connect in a private community: the list that its coordinator signs, and every member holds and passes on to
 * members. Of two lists the one with the higher serial counts, whoever brought it and whenever it came; so no one can
 * bring back a member by showing an older list. That a list has expired says that news may be missing, not that the
 * members in it are none any more: a community goes on without its coordinator.
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
import { idToBytes, type MemberKey, type UserId } from './ids.ts'
import { MEMBERS_LIMITS as LIMITS } from './limits.ts'
import { type Signed, signBytes, verifyBytes } from './manifest.ts'
import { oppu } from './messages.pb.js'

export interface Members {
  readonly version: 1
  /** From 1; of two lists the higher counts. */
  readonly serial: number
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly expiresAt: number
  /** Network keys, sorted, each once. */
  readonly keys: readonly MemberKey[]
}

/** Canonical bytes. @throws OppuError INVALID_DATA naming the rule that is broken, TOO_LARGE. */
export function encodeMembers({ version, serial, createdAt, expiresAt, keys }: Members): Uint8Array {
  demandVersion(version, 1, 'a list of members')
  if (keys.length > LIMITS.keys)
    throw new OppuError('TOO_LARGE', `${keys.length} members; at most ${LIMITS.keys} are allowed`)
  keys.forEach((key, index) => {
    if (index > 0 && key <= keys[index - 1]!) invalid('members must be sorted by key, each once')
  })
  demandTime(createdAt, "a list's date")
  return oppu.Members.encode({
    version: 1,
    serial: demandInteger(serial, 1, Number.MAX_SAFE_INTEGER, "a list's serial"),
    createdAt,
    expiresAt: demandInteger(expiresAt, createdAt + 1, createdAt + LIMITS.lifetimeMs, "a list's end"),
    keys: keys.map(idToBytes),
  }).finish()
}

/** @throws OppuError INVALID_DATA, TOO_LARGE; PROTOCOL_VIOLATION for an unknown version. */
export function decodeMembers(bytes: Uint8Array): Members {
  const message = decodeMessage(oppu.Members, bytes, LIMITS.bytes, 'a list of members')
  demandVersion(message.version, 1, 'a list of members')
  const members: Members = {
    version: 1,
    serial: demandInteger(message.serial, 1, Number.MAX_SAFE_INTEGER, "a list's serial"),
    createdAt: demandTime(message.createdAt, "a list's date"),
    expiresAt: demandTime(message.expiresAt, "a list's end"),
    keys: message.keys.map(key => demandId<MemberKey>(key, "a member's key")),
  }
  demandCanonical(bytes, encodeMembers(members), 'a list of members')
  return members
}

export function signMembers(members: Members, seed: Uint8Array): Signed {
  return signBytes('members', encodeMembers(members), seed)
}

/** @throws OppuError BAD_SIGNATURE when it is not `coordinator`'s, and as `decodeMembers`. */
export function openMembers(signed: Signed, coordinator: UserId): Members {
  return decodeMembers(verifyBytes('members', signed, coordinator))
}
