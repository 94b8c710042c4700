/** Invitations and lists of members: what is read is what was signed, and nothing bent is taken for good. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ErrorCode, isOppuError } from '../../protocol/errors.ts'
import type { InvitationId, MemberKey } from '../../protocol/ids.ts'
import {
  decodeInvitation,
  encodeInvitation,
  type Invitation,
  invitationFromText,
  invitationToText,
  looksLikeInvitation,
  openInvitation,
  signInvitation,
} from '../../protocol/invitation.ts'
import { COORDINATOR_LIMITS, INVITATION_LIMITS, MEMBERS_LIMITS } from '../../protocol/limits.ts'
import { signBytes, userIdFromSeed } from '../../protocol/manifest.ts'
import {
  decodeMembers,
  encodeMembers,
  type Members,
  openMembers,
  signMembers,
} from '../../protocol/members.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { invitation, members } from './samples.ts'

const code = (expected: ErrorCode) => (error: unknown) => isOppuError(error, expected)
const seed = new Uint8Array(32).fill(1)
const coordinator = userIdFromSeed(seed)
const LAST = 8_640_000_000_000_000

const hex = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => Buffer.from(bytes).toString('hex'))
const anyInvitation: fc.Arbitrary<Invitation> = fc
  .record({
    id: hex,
    uses: fc.integer({ min: 1, max: INVITATION_LIMITS.uses }),
    expiresAt: fc.integer({ min: 0, max: LAST }),
    addresses: fc.array(fc.stringMatching(/^[!-~]{1,300}$/), {
      minLength: 1,
      maxLength: INVITATION_LIMITS.addresses,
    }),
    networkKey: fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 }), { nil: undefined }),
  })
  .map(({ id, networkKey, addresses, ...rest }) => ({
    version: 1,
    ...rest,
    id: id as InvitationId,
    addresses: addresses as [string, ...string[]],
    ...(networkKey === undefined ? {} : { networkKey }),
  }))
const anyMembers: fc.Arbitrary<Members> = fc
  .record({
    serial: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    createdAt: fc.integer({ min: 0, max: LAST - MEMBERS_LIMITS.lifetimeMs }),
    life: fc.integer({ min: 1, max: MEMBERS_LIMITS.lifetimeMs }),
    keys: fc.uniqueArray(hex, { maxLength: 40 }),
  })
  .map(({ life, keys, ...rest }) => ({
    version: 1,
    ...rest,
    expiresAt: rest.createdAt + life,
    keys: keys.sort() as MemberKey[],
  }))

test('whatever may be said in an invitation comes through its text unchanged, with the key that signed it', () => {
  fc.assert(
    fc.property(anyInvitation, given => {
      const read = invitationFromText(invitationToText(signInvitation(given, seed)))
      assert.deepEqual(
        { ...read.invitation, networkKey: Buffer.from(read.invitation.networkKey ?? []) },
        { ...given, networkKey: Buffer.from(given.networkKey ?? []) },
      )
      assert.equal(read.coordinator, coordinator)
    }),
    { numRuns: 60 },
  )
})

test('whatever may be said in a list of members comes through unchanged', () => {
  fc.assert(
    fc.property(anyMembers, given => {
      assert.deepEqual(openMembers(signMembers(given, seed), coordinator), given)
    }),
    { numRuns: 60 },
  )
  assert.ok(
    encodeMembers({
      ...members,
      keys: Array.from({ length: MEMBERS_LIMITS.keys }, (_, index) =>
        index.toString(16).padStart(64, '0'),
      ) as MemberKey[],
    }).length <= MEMBERS_LIMITS.bytes,
    'the longest list is within its limit',
  )
})

test('an invitation at every limit is readable', () => {
  const longest = 'x'.repeat(COORDINATOR_LIMITS.address)
  const addresses = Array.from({ length: INVITATION_LIMITS.addresses }, () => longest)
  const given = { ...invitation, addresses: addresses as [string, ...string[]], expiresAt: LAST }
  assert.deepEqual(decodeInvitation(encodeInvitation(given)).addresses, addresses)
  assert.ok(encodeInvitation(given).length <= INVITATION_LIMITS.bytes)
})

test('a text survives what mail and chat do to it, and says what is wrong with it otherwise', () => {
  const text = invitationToText(signInvitation(invitation, seed))
  assert.ok(looksLikeInvitation(` ${text}`) && !looksLikeInvitation(invitation.addresses[0]))
  const wrapped = ` \n${text.match(/.{1,20}/g)!.join('\u200b\r\n\t')}\u00a0\n`
  assert.deepEqual(invitationFromText(wrapped), invitationFromText(text))
  fc.assert(
    fc.property(fc.integer({ min: 1, max: text.length - 1 }), at => {
      assert.throws(() => invitationFromText(text.slice(0, at)), OppuRefusal)
    }),
  )
  assert.throws(() => invitationFromText(text.slice(0, -5)), code('INVALID_DATA'))
  assert.throws(() => invitationFromText(`${text}A`), code('INVALID_DATA'))
  assert.throws(() => invitationFromText(`${text}=`), code('INVALID_DATA'))
  assert.throws(() => invitationFromText(text.replace('-1.', '-2.')), code('PROTOCOL_VIOLATION'))
  assert.throws(() => invitationFromText('/ip4/127.0.0.1/tcp/1/p2p/x'), code('INVALID_ARGUMENT'))
  assert.throws(() => invitationFromText(''), code('INVALID_ARGUMENT'))
})

function OppuRefusal(error: unknown): boolean {
  return isOppuError(error)
}

test('no letter of an invitation can be changed', () => {
  const text = invitationToText(signInvitation(invitation, seed))
  const start = text.indexOf('.') + 1
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  fc.assert(
    fc.property(fc.nat(text.length - start - 1), fc.nat(63), (at, letter) => {
      const bent = text.slice(0, start + at) + letters[letter] + text.slice(start + at + 1)
      if (bent !== text) assert.throws(() => invitationFromText(bent), code('INVALID_DATA'))
    }),
    { numRuns: 400 },
  )
})

test('what another key or another purpose signed is refused', () => {
  const foreign = signInvitation(invitation, new Uint8Array(32).fill(2))
  assert.throws(() => openInvitation(foreign, coordinator), code('BAD_SIGNATURE'))
  const asList = signBytes('invitation', encodeMembers(members), seed)
  assert.throws(() => openMembers(asList, coordinator), code('BAD_SIGNATURE'))
  const asInvitation = signBytes('members', encodeInvitation(invitation), seed)
  assert.throws(() => openInvitation(asInvitation, coordinator), code('BAD_SIGNATURE'))
  const list = signMembers(members, new Uint8Array(32).fill(2))
  assert.throws(() => openMembers(list, coordinator), code('BAD_SIGNATURE'))
})

test('each broken rule is refused, in encoding and in decoding', () => {
  const badInvitations: readonly Partial<Invitation>[] = [
    { uses: 0 },
    { uses: INVITATION_LIMITS.uses + 1 },
    { uses: 1.5 },
    { expiresAt: -1 },
    { expiresAt: LAST + 1 },
    { addresses: [] as unknown as [string] },
    { addresses: Array(9).fill('/a') as unknown as [string] },
    { addresses: ['/with space'] },
    { addresses: [`/${'x'.repeat(300)}`] },
    { addresses: ['\u001b[31m'] },
    { networkKey: new Uint8Array(31) },
  ]
  for (const bad of badInvitations)
    assert.throws(
      () => encodeInvitation({ ...invitation, ...bad }),
      code('INVALID_DATA'),
      JSON.stringify(bad),
    )
  const badLists: readonly Partial<Members>[] = [
    { serial: 0 },
    { serial: 2 ** 53 },
    { expiresAt: members.createdAt },
    { expiresAt: members.createdAt + MEMBERS_LIMITS.lifetimeMs + 1 },
    { createdAt: -1 },
    { keys: [...members.keys].reverse() },
    { keys: [members.keys[0]!, members.keys[0]!] },
  ]
  for (const bad of badLists)
    assert.throws(() => encodeMembers({ ...members, ...bad }), code('INVALID_DATA'), JSON.stringify(bad))
  const message = oppu.Members.decode(encodeMembers(members))
  const bend = (fields: oppu.Members.$Properties) => oppu.Members.encode({ ...message, ...fields }).finish()
  assert.throws(() => decodeMembers(bend({ version: 2 })), code('PROTOCOL_VIOLATION'))
  assert.throws(() => decodeMembers(bend({ keys: [new Uint8Array(31)] })), code('INVALID_DATA'))
  assert.throws(() => decodeMembers(bend({ serial: 0 })), code('INVALID_DATA'))
  assert.throws(() => decodeMembers(new Uint8Array(MEMBERS_LIMITS.bytes + 1)), code('TOO_LARGE'))
  assert.throws(
    () => decodeMembers(Buffer.concat([encodeMembers(members), Buffer.from([0x92, 0x06, 0])])),
    code('INVALID_DATA'),
  )
})
