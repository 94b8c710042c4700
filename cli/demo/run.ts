/**
 * The main job on loopback with real processes: a coordinator, a peer that seeds the base, and two people's nodes.
 * Every step is an ordinary `oppu` command, shown as it runs. This file owns the order of the steps and the verdict;
 * what a step does is the command's business.
 *
 * The verdict is measured, never arranged: each person's own adapter must give that person's newest, never trained
 * answers a higher mean log-likelihood than the base and than the other person's adapter.
 */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Evaluation } from '../../node/eval/evaluate.ts'
import type { PullResult } from '../../node/peering.ts'
import type { TrainReport } from '../../node/training.ts'
import type { Scores } from '../../protocol/task.ts'
import { formatSeconds, type Terminal } from '../terminal.ts'
import { Participant } from './process.ts'

/** Two people: a name, and the file that holds their history. */
export type People = readonly [Person, Person]
interface Person {
  readonly name: string
  readonly history: string
}

/** The people whose history ships with the demo; authors/README.md says who they are and how they were picked. */
const AUTHORS: People = [author('alice'), author('bob')]

function author(name: string): Person {
  return { name, history: fileURLToPath(new URL(`authors/${name}.jsonl`, import.meta.url)) }
}

/** Any free port on this machine only. */
const LOOPBACK = '/ip4/127.0.0.1/tcp/0'

export interface DemoOptions {
  /** A source as `oppu base import` takes it. */
  readonly base: string
  /** An existing empty folder for the four homes. */
  readonly folder: string
  readonly terminal: Terminal
  readonly signal: AbortSignal
  /** Options of `oppu train`. */
  readonly training: readonly string[]
  /** Default: the authors that ship with the demo. */
  readonly people?: People
  /** Default: random ones, which nobody learns. */
  readonly passphrase?: (name: string) => string
  /** Where the two services listen and what address they tell others; a test puts a recording proxy between. */
  readonly endpoints?: Readonly<
    Record<'coordinator' | 'seed', { readonly listen: string; readonly announce: string }>
  >
}

export interface DemoUser {
  readonly name: string
  readonly trained: number
  readonly tested: number
  /** Mean natural log-likelihood per token of the gold answer. */
  readonly base: number
  readonly own: number
  readonly other: number
  readonly metric: {
    readonly name: string
    readonly base: number
    readonly own: number
    readonly other: number
  }
  readonly adapterBytes: number
  readonly tokensPerSecond: number
  readonly received: Readonly<Record<string, number>>
}

export interface DemoResult {
  readonly seconds: number
  readonly users: readonly DemoUser[]
}

/** True when every user's own adapter beats both the base and the other's on log-likelihood. */
export function ownAdapterWins(result: DemoResult): boolean {
  return result.users.every(user => user.own > user.base && user.own > user.other)
}

export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { terminal, signal, folder, people = AUTHORS } = options
  const passphrase = options.passphrase ?? (() => randomBytes(16).toString('hex'))
  const endpoint = (name: 'coordinator' | 'seed'): string[] => {
    const { listen, announce } = options.endpoints?.[name] ?? { listen: LOOPBACK, announce: undefined }
    return ['--listen', listen, ...(announce === undefined ? [] : ['--announce', announce])]
  }
  const started = Date.now()
  const participant = (name: string): Participant =>
    new Participant({
      name,
      home: path.join(folder, name),
      ...(name === 'coordinator' ? {} : { passphrase: passphrase(name) }),
      signal,
    })
  const say = (text: string): void =>
    terminal.note(`\n[${formatSeconds((Date.now() - started) / 1000)}] ${text}`)

  say('seed: a peer that has the base')
  const seed = participant('seed')
  await seed.run('init')
  const imported = await seed.run<{ id: string; name: string }>('base', 'import', options.base)

  say('coordinator: publishes a signed manifest of the base and a signed evaluation task')
  const coordinator = participant('coordinator')
  const manifest = path.join(seed.home, 'bases', imported.id, 'manifest')
  await coordinator.run('coordinator', 'publish', manifest)
  const { task } = await coordinator.run<{ task: string }>(
    ...['coordinator', 'task', '--base', imported.id, '--title', 'Own newest replies', '--metric', 'rouge-1'],
  )
  const coordinating = await coordinator.start<{ addresses: string[] }>(
    ...['coordinator', 'start', '--log-level', 'warn', ...endpoint('coordinator')],
  )
  await using _coordinator = coordinating.service
  const coordinatorAddress = coordinating.result.addresses[0]!

  say('seed: provides the base to whoever asks')
  await seed.run('node', 'join', coordinatorAddress)
  const seeding = await seed.start<{ peer: string; addresses: string[] }>(
    ...['node', 'start', ...endpoint('seed')],
  )
  await using _seed = seeding.service

  const join = async ({ name, history }: Person): Promise<Member> => {
    const node = participant(name)
    say(`${name}: joins, checks the signatures, and pulls the base from peers`)
    const { recipient } = await node.run<{ recipient: string }>('init')
    await node.run('node', 'join', coordinatorAddress)
    const { received } = await node.run<PullResult>('base', 'pull', imported.id)
    say(`${name}: imports ${name}'s own history and trains ${name}'s own adapter, which is sealed at once`)
    await node.run('data', 'import', history)
    const trained = await node.run<TrainReport>('train', '--base', imported.id, ...options.training)
    return { name, node, recipient, trained, received }
  }
  const score = async (me: Member, other: Member): Promise<DemoUser> => {
    say(
      `${me.name}: takes in a copy of ${other.name}'s adapter, sealed to ${me.name}'s key, for the control only`,
    )
    const file = path.join(folder, `${other.name}-for-${me.name}.oppu`)
    await other.node.run('adapter', 'export', other.trained.adapter, file, '--to', me.recipient)
    const { adapter } = await me.node.run<{ adapter: string }>('adapter', 'import', file)
    say(`${me.name}: scores base, own and other on the newest items, and reports the scores only`)
    const { items, logLikelihood, metric } = await me.node.run<Evaluation>(
      ...['eval', '--task', task, '--own', me.trained.adapter, '--other', adapter, '--report'],
    )
    return {
      name: me.name,
      trained: me.trained.trained,
      tested: items,
      ...compared(logLikelihood),
      metric: { name: metric.name, ...compared(metric) },
      adapterBytes: me.trained.bytes,
      tokensPerSecond: me.trained.tokensPerSecond,
      received: named(me.received, { [seeding.result.peer]: 'seed' }),
    }
  }
  const [first, second] = [await join(people[0]), await join(people[1])]
  const users = [await score(first, second), await score(second, first)]
  return { seconds: (Date.now() - started) / 1000, users }
}

interface Member {
  readonly name: string
  readonly node: Participant
  readonly recipient: string
  readonly trained: TrainReport
  readonly received: PullResult['received']
}

function compared({ base, own, other }: Scores): Required<Scores> {
  if (other === undefined) throw new TypeError("the control is missing: no score for the other's adapter")
  return { base, own, other }
}

/** Bytes by the participant's name instead of its peer id. */
function named(
  received: PullResult['received'],
  names: Readonly<Record<string, string>>,
): Record<string, number> {
  return Object.fromEntries(Object.entries(received).map(([peer, bytes]) => [names[peer] ?? peer, bytes]))
}
