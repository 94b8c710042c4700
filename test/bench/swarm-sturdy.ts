/**
 * What a pull fetches and what it keeps in memory: after kill -9, for the next version of a base that is there, and while a
 * large base moves. Bytes are counted where they leave, at the provider, so that what was lost on the way counts too.
 */
import { randomBytes } from 'node:crypto'
import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { table } from '../../cli/terminal.ts'
import type { BaseId } from '../../protocol/ids.ts'
import type { Outline } from '../../protocol/outline.ts'
import { format, lower, type Part } from './report.ts'
import { makeBase, nextVersion } from './swarm-base.ts'
import type { NodeCommands, NodeOptions, PullProgress, PullReport } from './swarm-node.ts'
import type { SwarmBench } from './swarm-speed.ts'
import { Worker } from './swarm-worker.ts'

const MIB = 1 << 20
const MEMORY_MS = 200

export async function openNode(name: string, options: Omit<NodeOptions, 'seed'> = {}) {
  const worker = new Worker<NodeCommands>(name, 'swarm-node.ts')
  try {
    const { addresses } = await worker.ask('open', { seed: randomBytes(32).toString('hex'), ...options })
    return { worker, addresses, [Symbol.asyncDispose]: () => worker.kill() }
  } catch (error) {
    await worker.kill()
    throw error
  }
}

async function openProvider(bases: string, id: BaseId) {
  const node = await openNode('provider')
  await node.worker.ask('provide', { bases, id, from: 'disk' })
  return node
}

/** Killed when half of the bytes are verified; the second process goes on. */
export async function killed({ scratch, quick, say }: SwarmBench): Promise<Part> {
  const [bases, into] = [join(scratch, 'there'), join(scratch, 'here')]
  const { id, bytes } = await makeBase(bases, 'killed', [
    { seed: 1, from: 0, bytes: (quick ? 256 : 1024) * MIB },
  ])
  await using provider = await openProvider(bases, id)
  const pull = { id, outlineFrom: bases, providers: provider.addresses, into }
  const verified = await pullHalf(pull, bytes)
  const first = (await provider.worker.ask('traffic', {})).sent
  await using again = await openNode('second puller')
  const report = await again.worker.ask('pull', pull)
  const received = (await again.worker.ask('traffic', {})).received
  const sent = (await provider.worker.ask('traffic', {})).sent
  const refetched = (sent - bytes) / bytes
  const rehashed = (report.hashedBytes - received) / bytes
  say(
    `killed at ${percent(verified / bytes)}; fetched again ${percent(refetched)}, hashed again ${percent(rehashed)}`,
  )
  return {
    figures: [
      lower('swarm.refetched_after_kill', refetched, 0.01),
      lower('swarm.rehashed_after_kill', rehashed, 0.01),
    ],
    runs: { killed: { bytes, verified, first, sent, received, hashed: report.hashedBytes } },
    tables: [],
  }
}

/** Resolves with the verified bytes of which the puller last told before it was killed. */
async function pullHalf(pull: Parameters<NodeCommands['pull']>[0], bytes: number): Promise<number> {
  await using puller = await openNode('first puller')
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  puller.worker
    .ask('pull', pull, (progress: PullProgress) => {
      if (progress.bytes >= bytes / 2) void puller.worker.kill().then(() => resolve(progress.bytes))
    })
    .then(
      () => reject(new Error('the pull ended before it was killed')),
      () => {}, // it was killed
    )
  return await promise
}

/** Version 1 is there; of version 2 nine tenths of the bytes are the same, and everything is moved by an insertion. */
export async function nextVersionBytes({ scratch, quick, say }: SwarmBench): Promise<Part> {
  const [bases, into] = [join(scratch, 'there'), join(scratch, 'here')]
  const size = (quick ? 256 : 512) * MIB
  const old = await makeBase(into, 'version 1', [{ seed: 1, from: 0, bytes: size }])
  const next = await makeBase(bases, 'version 2', nextVersion(size, 0.1, quick ? 4 : 8))
  await using provider = await openProvider(bases, next.id)
  await using puller = await openNode('puller')
  const { seconds } = await puller.worker.ask('pull', {
    ...{ id: next.id, outlineFrom: bases, providers: provider.addresses, into },
  })
  const { sent } = await provider.worker.ask('traffic', {})
  const share = sent / next.bytes
  say(
    `version 2: ${percent(share)} fetched in ${format(seconds)} s; ${percent(sharedBytes(old, next))} shared`,
  )
  return {
    figures: [lower('swarm.next_version_bytes', share, 0.15)],
    runs: { nextVersion: { bytes: next.bytes, sent, seconds } },
    tables: [],
  }
}

/** The share of the bytes of `next` that lie in chunks which `old` has. */
function sharedBytes(old: Outline, next: Outline): number {
  const there = new Set<string>()
  for (let chunk = 0; chunk < old.count; chunk++) there.add(old.hash(chunk))
  let bytes = 0
  for (let chunk = 0; chunk < next.count; chunk++)
    if (there.has(next.hash(chunk))) bytes += next.length(chunk)
  return bytes / next.bytes
}

/** Memory of both while a large base moves; sampled, and the highest as the system saw it. */
export async function memory({ scratch, quick, say }: SwarmBench): Promise<Part> {
  const [bases, into] = [join(scratch, 'there'), join(scratch, 'here')]
  const size = (quick ? 1024 : 5 * 1024) * MIB
  const { bavail, bsize } = await statfs(scratch)
  if (bavail * bsize < 3 * size) {
    const why = `swarm.peak_rss_mb is not measured: ${3 * size} bytes must be free at ${scratch}`
    say(why)
    return { figures: [], runs: {}, tables: [why] }
  }
  const { id } = await makeBase(bases, 'large', [{ seed: 1, from: 0, bytes: size }])
  say('the base is made')
  await using provider = await openProvider(bases, id)
  await using puller = await openNode('puller')
  const roles = { provider: provider.worker, puller: puller.worker }
  const samples = { provider: [] as number[], puller: [] as number[] }
  const done = new AbortController()
  const watching = watch(roles, samples, done.signal)
  let report: PullReport
  try {
    const pull = { id, outlineFrom: bases, providers: provider.addresses, into }
    report = await puller.worker.ask('pull', pull)
  } finally {
    done.abort()
    await watching
  }
  const peaks = {
    provider: (await provider.worker.memory()).peak,
    puller: (await puller.worker.memory()).peak,
  }
  const names = ['provider', 'puller'] as const
  const rows = names.map(role => [
    role,
    megabytes(peaks[role]),
    megabytes(highest(samples[role], 0.1, 0.5)),
    megabytes(highest(samples[role], 0.5, 1)),
  ])
  await rm(into, { recursive: true, force: true })
  const title = `${size / MIB} MiB at ${format(report.bytes / report.seconds / 1e6)} MB/s`
  return {
    figures: names.flatMap(role => [
      { name: `swarm.peak_rss_mb.${role}`, value: peaks[role] / 1e6, unit: 'MB', bar: 200, better: 'lower' },
      lower(
        `swarm.rss_growth.${role}`,
        highest(samples[role], 0.5, 1) / highest(samples[role], 0.1, 0.5),
        1.1,
      ),
    ]),
    runs: { memory: { seconds: report.seconds, cpuSeconds: report.cpuSeconds, peaks, samples } },
    tables: [table([title, 'peak MB', 'highest in the first half', 'in the second'], rows)],
  }
}

async function watch(
  roles: Readonly<Record<'provider' | 'puller', Worker<NodeCommands>>>,
  samples: Readonly<Record<'provider' | 'puller', number[]>>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    for (const role of ['provider', 'puller'] as const) samples[role].push((await roles[role].memory()).rss)
    await sleep(MEMORY_MS)
  }
}

/** The highest of a part of the samples. */
function highest(samples: readonly number[], from: number, to: number): number {
  const of = samples.slice(Math.floor(from * samples.length), Math.max(1, Math.floor(to * samples.length)))
  return Math.max(...of)
}

function megabytes(bytes: number): string {
  return String(Math.round(bytes / 1e6))
}

function percent(share: number): string {
  return `${format(100 * share)} %`
}
