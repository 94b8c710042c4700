/**
 * Twenty nodes that start together and pull what one node has, every node (the first, too) with the same upload limit, each
 * a process of its own that provides while it pulls; against one node alone. The limit, not the machine, is what holds
 * them up: 21 processes on a few cores move 2 MB/s each without effort.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { table } from '../../cli/terminal.ts'
import type { BaseId } from '../../protocol/ids.ts'
import { format, lower, type Part } from './report.ts'
import { makeBase } from './swarm-base.ts'
import type { PullReport } from './swarm-node.ts'
import type { SwarmBench } from './swarm-speed.ts'
import { openNode } from './swarm-sturdy.ts'

const MIB = 1 << 20
const NODES = 20
const UPLOAD_LIMIT = 2 * MIB

interface Outcome {
  /** Until the last node has everything. */
  readonly seconds: number
  /** By the first holder, in bases. */
  readonly firstHolder: number
  readonly reports: readonly PullReport[]
  /** By each of the others, in bases. */
  readonly uploads: readonly number[]
}

export async function twentyNodes({ scratch, quick, say }: SwarmBench): Promise<Part> {
  const bases = join(scratch, 'first')
  const { id, bytes } = await makeBase(bases, 'spread', [
    { seed: 1, from: 0, bytes: (quick ? 16 : 48) * MIB },
  ])
  const spread = async (nodes: number) => {
    const outcome = await spreadTo(nodes, bases, id, bytes, join(scratch, `to-${nodes}`))
    say(
      `${nodes} nodes: ${format(outcome.seconds)} s, first holder sent ${format(outcome.firstHolder)} bases`,
    )
    return outcome
  }
  const [one, twenty] = [await spread(1), await spread(NODES)]
  const seconds = twenty.reports.map(report => report.seconds).sort((a, b) => a - b)
  const uploads = twenty.uploads.toSorted((a, b) => a - b)
  const bound = Math.max(bytes / UPLOAD_LIMIT, (NODES * bytes) / ((NODES + 1) * UPLOAD_LIMIT))
  return {
    figures: [
      lower('swarm.twenty_nodes_time', twenty.seconds / one.seconds, 3),
      lower('swarm.first_holder_upload', twenty.firstHolder, 1.5),
    ],
    runs: { twentyNodes: { bytes, uploadLimit: UPLOAD_LIMIT, one, twenty } },
    tables: [
      table(
        [
          `${bytes / MIB} MiB, uplinks of 2 MiB/s`,
          'seconds',
          'bases sent by the first holder',
          'by the others',
        ],
        [
          ['one node', format(one.seconds), format(one.firstHolder), ''],
          [
            `${NODES} nodes, first to last`,
            `${format(seconds[0]!)} to ${format(seconds.at(-1)!)}`,
            format(twenty.firstHolder),
            `${format(uploads[0]!)} to ${format(uploads.at(-1)!)}`,
          ],
          ['no scheme could be faster than', format(bound), '', ''],
        ],
      ),
    ],
  }
}

async function spreadTo(
  count: number,
  bases: string,
  id: BaseId,
  bytes: number,
  scratch: string,
): Promise<Outcome> {
  await using parts = new AsyncDisposableStack()
  const open = async (name: string) => parts.use(await openNode(name, { uploadLimit: UPLOAD_LIMIT }))
  const first = await open('first holder')
  await first.worker.ask('provide', { bases, id, from: 'disk' })
  const nodes: Awaited<ReturnType<typeof openNode>>[] = []
  for (let node = 0; node < count; node++) nodes.push(await open(`node ${node + 1}`))
  const providers = [first, ...nodes].flatMap(({ addresses }) => addresses)
  const started = performance.now()
  const reports = await Promise.all(
    nodes.map(({ worker }, node) =>
      worker.ask('pull', {
        id,
        outlineFrom: bases,
        providers,
        into: join(scratch, String(node)),
        provide: true,
      }),
    ),
  )
  const seconds = (performance.now() - started) / 1000
  const sentBy = async ({ worker }: (typeof nodes)[number]) => (await worker.ask('traffic', {})).sent / bytes
  const uploads: number[] = []
  for (const node of nodes) uploads.push(await sentBy(node))
  const firstHolder = await sentBy(first)
  await rm(scratch, { recursive: true, force: true })
  return { seconds, firstHolder, reports, uploads }
}
