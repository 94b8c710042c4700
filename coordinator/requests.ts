/**
 * What members can ask of a coordinator: one table of kinds, each with the handler that answers it with the bytes of
 * its reply. What is not in the table is refused, so nobody can give a coordinator anything else.
 *
 * The rules of each kind are the parts' (registry.ts, tasks.ts); here is only what they say on the wire.
 */
import { decodeMessage, demandInteger } from '../protocol/canonical.ts'
import { OppuError } from '../protocol/errors.ts'
import { type BaseId, idFromBytes, idToBytes, type MemberKey } from '../protocol/ids.ts'
import { COORDINATOR_LIMITS as LIMITS } from '../protocol/limits.ts'
import { signedFromMessage, signedToMessage } from '../protocol/manifest.ts'
import { oppu } from '../protocol/messages.pb.js'
import type { Keys } from './keys.ts'
import type { Membership } from './members.ts'
import type { Registry } from './registry.ts'
import type { Releases } from './releases.ts'
import type { Tasks } from './tasks.ts'

type Request = oppu.CoordinatorRequest
/** The kinds of request: every one that the protocol has is answered. */
export type RequestKind = NonNullable<Request['request']>

/** Who asks. */
export interface Caller {
  /** Peer id (`12D3Koo…`), proven by the connection. */
  readonly remote: string
  /** The Ed25519 key behind it; absent where it has another kind of key, which no member has. */
  readonly key: MemberKey | undefined
}

export type Handlers<Kind extends RequestKind = RequestKind> = {
  readonly [K in Kind]: (asked: NonNullable<Request[K]>, caller: Caller) => Promise<Uint8Array>
}

/** One request, read and of a known kind. */
export interface Asked {
  readonly kind: RequestKind
  readonly request: Request
}

/** @throws OppuError PROTOCOL_VIOLATION for a request of no kind that `handlers` has, INVALID_DATA, TOO_LARGE. */
export function readRequest(handlers: Handlers, bytes: Uint8Array): Asked {
  const request = decodeMessage(oppu.CoordinatorRequest, bytes, LIMITS.request, 'a request')
  const kind = (Object.keys(handlers) as RequestKind[]).find(name => request[name] != null)
  if (kind === undefined) throw new OppuError('PROTOCOL_VIOLATION', 'a request of no known kind')
  return { kind, request }
}

/** Answers with the handler of the request's kind. @throws whatever that throws. */
export function answer(handlers: Handlers, { kind, request }: Asked, caller: Caller): Promise<Uint8Array> {
  const handler = handlers[kind] as (asked: unknown, caller: Caller) => Promise<Uint8Array>
  return handler(request[kind], caller)
}

/** Bases and who holds them. */
export function registryHandlers(
  registry: Registry,
): Handlers<'listManifests' | 'listBases' | 'getManifest' | 'listProviders' | 'announce'> {
  return {
    /** What programs ask that know version 1 only: they could not read the others. */
    async listManifests() {
      return oppu.IdList.encode({ ids: registry.bases(1).map(idToBytes) }).finish()
    },
    async listBases() {
      return oppu.IdList.encode({ ids: registry.bases().map(idToBytes) }).finish()
    },
    async getManifest({ id }) {
      const { manifest, licence } = await registry.get(readId(id))
      const optional = licence === undefined ? {} : { licence: signedToMessage(licence) }
      return oppu.PublishedManifest.encode({ manifest: signedToMessage(manifest), ...optional }).finish()
    },
    async listProviders({ id }) {
      const providers = registry.providers(readId(id))
      return oppu.ProviderList.encode({
        providers: providers.map(addresses => ({ addresses: [...addresses] })),
      }).finish()
    },
    async announce({ baseIds, addresses }, { remote }) {
      const ms = registry.announce(remote, (baseIds ?? []).map(readId), addresses ?? [])
      return oppu.Announced.encode({ expiresIn: Math.floor(ms / 1000) }).finish()
    },
  }
}

/** What names and tags stand for, and the keys that signed. */
export function releaseHandlers(releases: Releases, keys: Keys): Handlers<'listReleases' | 'listKeys'> {
  return {
    async listReleases() {
      return oppu.ReleaseList.encode({ releases: releases.signed().map(signedToMessage) }).finish()
    },
    async listKeys() {
      return oppu.KeyList.encode({ changes: keys.changes.map(signedToMessage) }).finish()
    },
  }
}

/** Tasks, and the reports on them. */
export function taskHandlers(tasks: Tasks): Handlers<'listTasks' | 'report'> {
  return {
    async listTasks() {
      return oppu.TaskList.encode({ tasks: tasks.handOut().map(signedToMessage) }).finish()
    },
    async report(signed) {
      await tasks.take(signedFromMessage(signed))
      return oppu.Accepted.encode({}).finish()
    },
  }
}

/** Joining, and the list of members. */
export function memberHandlers(membership: Membership, keys: Keys): Handlers<'join' | 'listMembers'> {
  const list = async (serial: number) => {
    const current = await membership.current()
    if (current === undefined) return oppu.MemberList.encode({}).finish()
    const news =
      current.serial > serial
        ? { members: signedToMessage(current.signed), keys: keys.changes.map(signedToMessage) }
        : {}
    return oppu.MemberList.encode({ serial: current.serial, ...news }).finish()
  }
  return {
    async join(signed, { key }) {
      if (key === undefined) throw new OppuError('INVALID_ARGUMENT', 'a member has an Ed25519 key')
      await membership.join(signedFromMessage(signed), key)
      return list(0)
    },
    listMembers: ({ serial }) =>
      list(demandInteger(serial ?? 0, 0, Number.MAX_SAFE_INTEGER, "a list's serial")),
  }
}

function readId(bytes: Uint8Array | null | undefined): BaseId {
  if (bytes?.length !== 32) throw new OppuError('PROTOCOL_VIOLATION', 'an id is 32 bytes')
  return idFromBytes<BaseId>(bytes)
}
