/** Runs the command line as a person would: a process of its own, with a home of its own. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { PersonalNode } from '../../node/node.ts'
import { ERROR_KINDS, type ErrorCode } from '../../protocol/errors.ts'

const PASSPHRASE = 'correct horse'
const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly outcome: Promise<Outcome>
}

/** A folder that goes when the test ends. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'oppu-test-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

export function start(
  home: string,
  args: readonly string[],
  passphrase = PASSPHRASE,
  more: NodeJS.ProcessEnv = {},
): Running {
  const env = { ...process.env, OPPU_HOME: home, OPPU_PASSPHRASE: passphrase, ...more }
  const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  const outcome = once(child, 'close').then(([status]) => ({
    status: status as number | null,
    stdout,
    stderr,
  }))
  return { child, outcome }
}

export function oppu(home: string, args: readonly string[], passphrase?: string): Promise<Outcome> {
  return start(home, args, passphrase).outcome
}

/** Runs a command that must succeed, and returns the JSON that it printed last. */
export async function json<Result>(home: string, ...args: readonly string[]): Promise<Result> {
  const { status, stdout, stderr } = await oppu(home, [...args, '--json'])
  if (status !== 0) throw new Error(`oppu ${args.join(' ')} ended with ${status}: ${stderr}`)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Result
}

/** A home with the embedded base and what `fill` adds to it, closed. */
export async function homeOf(t: TestContext, fill: (node: PersonalNode) => Promise<void>): Promise<string> {
  const home = join(await temporaryFolder(t), 'node')
  await PersonalNode.init({ home, passphrase: PASSPHRASE })
  await inside(home, async node => {
    await node.importBase('embedded')
    await fill(node)
  })
  return home
}

/** Works on a node that no command has open. */
export async function inside<Result>(
  home: string,
  work: (node: PersonalNode) => Promise<Result>,
): Promise<Result> {
  await using node = await PersonalNode.open({ home, passphrase: async () => PASSPHRASE })
  return await work(node)
}

/** A failure as a person meets it: its code, what to do about it, its exit status, no result and no stack trace. */
export function failedWith(outcome: Outcome, code: ErrorCode): void {
  assert.match(outcome.stderr, new RegExp(`\\[${code}\\]`))
  assert.ok(outcome.stderr.includes(ERROR_KINDS[code].hint), 'the hint is told')
  assert.equal(outcome.status, ERROR_KINDS[code].exit)
  assert.equal(outcome.stdout, '')
  assert.doesNotMatch(outcome.stderr, /^ {4}at /m)
}
