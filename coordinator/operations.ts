/**
 * What an operator can do with a coordinator, as one table: each operation with the schema of its arguments. Arguments and
 * results are plain JSON, so that it is the same thing on the coordinator's folder and through the one that runs
 * (admin.ts).
 */
import { OppuError } from '../protocol/errors.ts'
import { type BaseId, parseId } from '../protocol/ids.ts'
import { INVITATION_LIMITS, TASK_LIMITS } from '../protocol/limits.ts'
import { decodeManifest } from '../protocol/manifest.ts'
import { DEFAULT_TAG, releaseNameOf } from '../protocol/release.ts'
import {
  type ConfigOf,
  choiceField,
  numberField,
  parseConfig,
  type Schema,
  textField,
  textListField,
} from '../protocol/schema.ts'
import { DEFAULT_HOLD_OUT, METRICS } from '../protocol/task.ts'
import { admit, expel, invitations, invite, members, revoke } from './community.ts'
import type { Coordinator } from './coordinator.ts'

export const DAY_MS = 24 * 3600 * 1000

interface Operation<S extends Schema, Result> {
  readonly schema: S
  readonly run: (coordinator: Coordinator, values: ConfigOf<S>) => Promise<Result>
}

function operation<const S extends Schema, Result>(
  schema: S,
  run: (coordinator: Coordinator, values: ConfigOf<S>) => Promise<Result>,
): Operation<S, Result> {
  return { schema, run }
}

const text = (description: string) => textField({ default: '', description })

export const OPERATIONS = {
  publish: operation(
    {
      manifest: text('the manifest, in base64'),
      licence: text("the licence's text; empty: none is given"),
      name: text("a name for releases; empty: made of the base's own"),
      tag: text('the tag that the name gets; empty: none'),
    },
    async (coordinator, { manifest: encoded, licence, name, tag }) => {
      const manifest = decodeManifest(new Uint8Array(Buffer.from(encoded, 'base64')))
      if (tag === '' && name !== '')
        throw new OppuError('INVALID_ARGUMENT', 'a name is given with a tag only')
      const called = tag === '' ? undefined : name || releaseNameOf(manifest.name)
      if (tag !== '' && called === undefined)
        throw new OppuError('INVALID_ARGUMENT', `${manifest.name} makes no name for a release: give one`)
      const base = await coordinator.publishManifest(manifest, licence === '' ? {} : { licenceText: licence })
      const release = called === undefined ? undefined : await coordinator.setRelease(called, tag, base)
      return { base, name: manifest.name, ...(release === undefined ? {} : { release }) }
    },
  ),
  tag: operation(
    {
      name: text('the name of the releases'),
      tag: textField({ default: DEFAULT_TAG, description: 'the tag to move' }),
      base: text('id of the published base, or its first digits'),
    },
    async (coordinator, { name, tag, base }) =>
      coordinator.setRelease(name, tag, findBase(coordinator, base)),
  ),
  releases: operation({}, async coordinator => ({
    bases: coordinator.bases().map(id => ({ id, ...coordinator.summary(id) })),
    releases: coordinator.releases(),
  })),
  task: operation(
    {
      base: text('id of the published base, or its first digits'),
      title: text('what it is about, for people'),
      metric: choiceField({ default: 'rouge-1', choices: METRICS, description: 'beside log-likelihood' }),
      holdOut: numberField({
        ...{ default: DEFAULT_HOLD_OUT, minimum: 0, maximum: 1 },
        description: 'the newest share of the items to score on',
      }),
      minimumItems: numberField({
        ...{
          default: TASK_LIMITS.minimumItems,
          minimum: TASK_LIMITS.minimumItems,
          maximum: 1e6,
          whole: true,
        },
        description: 'fewest items that may be reported on',
      }),
      days: numberField({
        ...{ default: 30, minimum: 0.001, maximum: TASK_LIMITS.lifetimeMs / DAY_MS },
        description: 'how long it is open',
      }),
    },
    async (coordinator, { base, title, metric, holdOut, minimumItems, days }) => {
      const createdAt = Date.now()
      const expiresAt = createdAt + Math.round(days * DAY_MS)
      const baseId = findBase(coordinator, base)
      const scoring = { title, baseId, metric, holdOut, minimumItems }
      return { task: await coordinator.publishTask({ version: 1, ...scoring, createdAt, expiresAt }) }
    },
  ),
  reports: operation({}, async coordinator => coordinator.reports()),
  'rotate-key': operation({}, async coordinator => {
    const before = coordinator.id
    return { before, coordinator: await coordinator.changeKey() }
  }),
  invite: operation(
    {
      uses: numberField({
        ...{ default: 1, minimum: 1, maximum: INVITATION_LIMITS.uses, whole: true },
        description: 'how many nodes may join with it',
      }),
      days: numberField({
        ...{ default: 7, minimum: 0.001, maximum: INVITATION_LIMITS.lifetimeMs / DAY_MS },
        description: 'how long it can be used',
      }),
      addresses: textListField({
        default: [],
        description: 'where to join; none: where it was reached last',
      }),
    },
    async ({ membership }, { uses, days, addresses }) =>
      invite(membership, { uses, days, now: Date.now(), ...(addresses.length === 0 ? {} : { addresses }) }),
  ),
  invitations: operation({}, async ({ membership }) => invitations(membership)),
  revoke: operation(
    { invitation: text('its text, or the first digits of its id') },
    ({ membership }, values) => revoke(membership, values.invitation),
  ),
  members: operation({}, async ({ membership }) => members(membership)),
  expel: operation({ peer: text('its peer id, or how it begins') }, ({ membership }, { peer }) =>
    expel(membership, peer),
  ),
  admit: operation({ peer: text('its peer id') }, ({ membership }, { peer }) => admit(membership, peer)),
} as const

export type OperationName = keyof typeof OPERATIONS
export type ValuesOf<Name extends OperationName> = Partial<ConfigOf<(typeof OPERATIONS)[Name]['schema']>>
export type ResultOf<Name extends OperationName> = Awaited<ReturnType<(typeof OPERATIONS)[Name]['run']>>

export function isOperation(name: string): name is OperationName {
  return Object.hasOwn(OPERATIONS, name)
}

/** Checks `values` and performs the operation. @throws OppuError INVALID_ARGUMENT, UNKNOWN_CONFIGURATION, and its own. */
export async function perform<Name extends OperationName>(
  coordinator: Coordinator,
  name: Name,
  values: unknown,
): Promise<ResultOf<Name>> {
  const { schema, run } = OPERATIONS[name] as unknown as Operation<Schema, ResultOf<Name>>
  return run(coordinator, parseConfig(schema, values, name))
}

/** A published base by the first digits of its id. */
function findBase(coordinator: Coordinator, wanted: string): BaseId {
  if (wanted === '') throw new OppuError('INVALID_ARGUMENT', 'name a published base')
  const found = coordinator.bases().filter(id => id.startsWith(wanted.toLowerCase()))
  if (found.length > 1) throw new OppuError('AMBIGUOUS', `${wanted} could be any of ${found.length} bases`)
  if (found[0] !== undefined) return found[0]
  if (wanted.length === 64) parseId<BaseId>(wanted, 'base id')
  throw new OppuError('NOT_FOUND', `no base ${wanted.slice(0, 80)} is published here`)
}
