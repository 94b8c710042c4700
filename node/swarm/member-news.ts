/** Asking a coordinator or a member whether there is a newer list of members. What it is worth, gate.ts decides. */
import { decodeMessage, demandInteger } from '../../protocol/canonical.ts'
import type { Duplex } from '../../protocol/duplex.ts'
import { MEMBERS_LIMITS as LIMITS } from '../../protocol/limits.ts'
import { type Signed, signedFromMessage } from '../../protocol/manifest.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { call } from '../../protocol/rpc.ts'

export interface MemberNews {
  /** Of the list that the answerer has; 0 in an open community. */
  readonly serial: number
  /** Present where that is newer than the asker's. */
  readonly signed?: Signed
  /** The changes that lead to the key that signed it. */
  readonly keys: readonly Signed[]
}

/** Asks a member for a list newer than the one of that serial. @throws as `call`; INVALID_DATA. */
export async function askForNews(duplex: Duplex, serial: number, signal: AbortSignal): Promise<MemberNews> {
  const request = oppu.MembersAsk.encode({ serial }).finish()
  const body = await call(duplex, request, { maximumReply: LIMITS.reply, signal })
  return memberNewsFrom(decodeMessage(oppu.MemberList, body, LIMITS.reply, 'a list of members'))
}

/** Types what was answered; signatures are not checked here. @throws OppuError INVALID_DATA. */
export function memberNewsFrom({ serial, members, keys }: oppu.MemberList): MemberNews {
  return {
    serial: demandInteger(serial, 0, Number.MAX_SAFE_INTEGER, "a list's serial"),
    keys: keys.map(signedFromMessage),
    ...(members == null ? {} : { signed: signedFromMessage(members) }),
  }
}
