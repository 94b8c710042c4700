/**
 * The main job on loopback with real processes: a coordinator, a peer that seeds the base, and two people's nodes.
 * Every step is an ordinary `oppu` command, shown as it runs. This file owns the order of the steps and the verdict;
 * what a step does is the command's business.
 *
 * The verdict is measured, never arranged: each person's own adapter must give that person's newest, never trained
 * answers a higher mean log-likelihood than the base and than the other person's adapter.
 */
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Evaluation } from '../../node/eval/evaluate.ts'
import { formatSeconds, type Terminal } from '../terminal.ts'
import { Participant } from './process.ts'

/** The people whose history ships with the demo; see authors/README.md for who they are and how they were picked. */
const PEOPLE = ['alice', 'bob'] as const
type Person = (typeof PEOPLE)[number]

/** Any free port on this machine only. */
const LOOPBACK = '/ip4/127.0.0.1/tcp/0'

export interface DemoOptions {
  /** A source as `oppu base import` takes it. */
  readonly base: string
  /** An existing empty folder for the four homes. */
  readonly folder: string
  readonly terminal: Terminal
  readonly signal: AbortSignal
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

interface Trained {
  readonly adapter: string
  readonly trained: number
  readonly bytes: number
  readonly tokensPerSecond: number
}

/** True when every user's own adapter beats both the base and the other's on log-likelihood. */
export function ownAdapterWins(result: DemoResult): boolean {
  return result.users.every(user => user.own > user.base && user.own > user.other)
}

export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { terminal, signal, folder } = options
  const endpoint = (name: 'coordinator' | 'seed'): string[] => {
    const { listen, announce } = options.endpoints?.[name] ?? { listen: LOOPBACK, announce: undefined }
    return ['--listen', listen, ...(announce === undefined ? [] : ['--announce', announce])]
  }
  const started = Date.now()
  const participant = (name: string): Participant =>
    new Participant({
      name,
      home: join(folder, name),
      ...(name === 'coordinator' ? {} : { passphrase: randomBytes(16).toString('hex') }),
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
  const manifest = join(seed.home, 'bases', imported.id, 'manifest')
  await coordinator.run('coordinator', 'publish', manifest)
  const { task } = await coordinator.run<{ task: string }>(
    ...['coordinator', 'task', '--base', imported.id, '--title', 'Own newest replies', '--metric', 'rouge-1'],
  )
  const coordinating = await coordinator.start<{ addresses: string[] }>(
    ...['coordinator', 'start', ...endpoint('coordinator')],
  )
  await using _coordinator = coordinating.service
  const coordinatorAddress = coordinating.result.addresses[0]!

  say('seed: provides the base to whoever asks')
  await seed.run('node', 'join', coordinatorAddress)
  const seeding = await seed.start<{ peer: string; addresses: string[] }>(
    ...['node', 'start', ...endpoint('seed')],
  )
  await using _seed = seeding.service
  const names = new Map([[seeding.result.peer, 'seed']])

  const people = new Map<
    Person,
    { node: Participant; recipient: string; trained: Trained; received: Record<string, number> }
  >()
  for (const name of PEOPLE) {
    const node = participant(name)
    say(`${name}: joins, checks the signatures, and pulls the base from peers`)
    const { recipient } = await node.run<{ recipient: string }>('init')
    await node.run('node', 'join', coordinatorAddress)
    const pulled = await node.run<{ received: Record<string, number> }>('base', 'pull', imported.id)
    const received = Object.fromEntries(
      Object.entries(pulled.received).map(([peer, bytes]) => [names.get(peer) ?? peer, bytes]),
    )
    say(`${name}: imports ${name}'s own history and trains ${name}'s own adapter, which is sealed at once`)
    await node.run('data', 'import', fileURLToPath(new URL(`authors/${name}.jsonl`, import.meta.url)))
    const trained = await node.run<Trained>('train', '--base', imported.id)
    people.set(name, { node, recipient, trained, received })
  }

  say('each hands the other a sealed copy of the adapter, for the control only')
  const users: DemoUser[] = []
  for (const name of PEOPLE) {
    const otherName = PEOPLE.find(person => person !== name)!
    const [me, other] = [people.get(name)!, people.get(otherName)!]
    const file = join(folder, `${otherName}-for-${name}.oppu`)
    await other.node.run('adapter', 'export', other.trained.adapter, file, '--to', me.recipient)
    const { adapter: othersAdapter } = await me.node.run<{ adapter: string }>('adapter', 'import', file)
    await rm(file)
    say(
      `${name}: scores base, own and ${otherName}'s adapter on the newest items, and reports the scores only`,
    )
    const evaluation = await me.node.run<Evaluation>(
      ...['eval', '--task', task, '--own', me.trained.adapter, '--other', othersAdapter, '--report'],
    )
    const { base, own, other: others } = evaluation.logLikelihood
    users.push({
      name,
      trained: me.trained.trained,
      tested: evaluation.items,
      base,
      own,
      other: others!,
      metric: { ...evaluation.metric, other: evaluation.metric.other! },
      adapterBytes: me.trained.bytes,
      tokensPerSecond: me.trained.tokensPerSecond,
      received: me.received,
    })
  }
  return { seconds: (Date.now() - started) / 1000, users }
}
