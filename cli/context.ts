/**
 * What every command needs before it can work: the home folder, the passphrase, the terminal and the signal that
 * Ctrl-C fires. The only file that reads settings from the environment.
 */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { env, stderr, stdin, stdout } from 'node:process'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { type CommandUnknownOpts, Option } from '@commander-js/extra-typings'
import { DEVICE_CHOICES } from '../node/graph/device.ts'
import { PersonalNode } from '../node/node.ts'
import { OppuError } from '../protocol/errors.ts'
import { Terminal } from './terminal.ts'

/** Options that every command takes. */
export interface CommonOptions {
  readonly home?: string | undefined
  readonly json?: boolean | undefined
  readonly passphraseFile?: string | undefined
}

/** A new command below `parent` with the common options. `usage` is its name and arguments, as commander reads them. */
export function newCommand<Usage extends string>(
  parent: CommandUnknownOpts,
  usage: Usage,
  jsonHelp = 'print the result as one JSON value',
) {
  return parent
    .command(usage)
    .option('--home <dir>', 'folder of this node (default: OPPU_HOME, or .oppu in your home folder)')
    .option(
      '--passphrase-file <file>',
      'read the passphrase from a file instead of asking (or set OPPU_PASSPHRASE)',
    )
    .option('--json', jsonHelp)
    .hook('preAction', (_, command) => demandNothingEmpty(command))
}

/** Exit statuses of a process that a signal ended: 128 + the signal's number, as shells report it. */
const EXITS = { SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 } as const

/** An empty value is a shell variable that was not set, and would name everything that is named by its first digits. */
function demandNothingEmpty(command: CommandUnknownOpts): void {
  const options = Object.entries(command.opts() as Record<string, unknown>)
  const [option] =
    options.find(([, value]) => value === '' || (Array.isArray(value) && value.includes(''))) ?? []
  const argument = command.registeredArguments[command.args.indexOf('')]?.name()
  if (argument ?? option)
    throw new OppuError('INVALID_ARGUMENT', `the value of ${argument ?? option} is empty`)
}

/** The abort reason of Ctrl-C, of a termination signal, and of output that cannot be written. It needs no telling. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly exit: number

  constructor(exit: number) {
    super('interrupted')
    this.exit = exit
  }
}

const interruption = new AbortController()

/**
 * Makes the first Ctrl-C end work cleanly through `signal`, and the second end the process at once. Output that cannot be
 * written ends work too; `report` tells why, and gives the exit status.
 */
export function catchSignals(report: (error: unknown) => number): void {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      const reason = new Interrupted(EXITS[name])
      if (interruption.signal.aborted) process.exit(reason.exit)
      interruption.abort(reason)
    })
  }
  // Started by another process of ours (the demo), and that one was killed: nobody is left who would stop this one.
  process.once('disconnect', () => interruption.abort(new Interrupted(EXITS.SIGTERM)))
  process.channel?.unref()
  stdout.on('error', error => {
    if (interruption.signal.aborted) return
    // Whoever reads our output may have had enough, as in `oppu data list | head`.
    const exit = 'code' in error && error.code === 'EPIPE' ? EXITS.SIGPIPE : report(error)
    process.exitCode = exit
    interruption.abort(new Interrupted(exit))
  })
  stderr.on('error', () => {}) // there is nowhere left to tell it
}

export function deviceOption() {
  return new Option('--device <device>', 'where to compute').choices(DEVICE_CHOICES).default('auto' as const)
}

export class Context {
  readonly terminal: Terminal
  readonly home: string
  readonly signal: AbortSignal = interruption.signal
  readonly #options: CommonOptions

  constructor(options: CommonOptions) {
    this.#options = options
    this.terminal = new Terminal({ json: options.json ?? false })
    this.home = options.home ?? (env.OPPU_HOME || join(homedir(), '.oppu'))
  }

  /** The folder beside the home where a coordinator keeps its state, unless `--home` or OPPU_HOME names one. */
  get coordinatorHome(): string {
    return this.#options.home ?? (env.OPPU_HOME || join(homedir(), '.oppu-coordinator'))
  }

  /** For models that the hub gives to known users only. */
  get hubToken(): string | undefined {
    return env.HF_TOKEN
  }

  /** Opens the node of this home, hands it to `work`, and closes it whatever happens. */
  async withNode<Result>(work: (node: PersonalNode) => Promise<Result>): Promise<Result> {
    await using node = await PersonalNode.open({ home: this.home, passphrase: () => this.passphrase() })
    return await work(node)
  }

  /** Asks for a yes; where nobody can be asked, the answer is no. */
  async confirm(question: string): Promise<boolean> {
    if (!stdin.isTTY) return false
    return /^y(es)?$/i.test((await askLine(question, this.signal))?.trim() ?? '')
  }

  /** The passphrase: from --passphrase-file, OPPU_PASSPHRASE, or asked for without echo, twice when new. */
  async passphrase(options: { readonly isNew?: boolean } = {}): Promise<string> {
    const { passphraseFile } = this.#options
    if (passphraseFile !== undefined) return readPassphraseFile(passphraseFile)
    if (env.OPPU_PASSPHRASE !== undefined) return checked(env.OPPU_PASSPHRASE)
    if (!stdin.isTTY) {
      throw new OppuError(
        'INVALID_ARGUMENT',
        'no passphrase: give --passphrase-file FILE or set OPPU_PASSPHRASE',
      )
    }
    const first = checked(await askHidden(options.isNew ? 'New passphrase: ' : 'Passphrase: ', this.signal))
    if (options.isNew && (await askHidden('The same again: ', this.signal)) !== first) {
      throw new OppuError('INVALID_ARGUMENT', 'the two passphrases differ')
    }
    return first
  }
}

/** A line typed at a question; undefined when the input ends instead. */
async function askLine(question: string, signal: AbortSignal): Promise<string | undefined> {
  const reader = createInterface({ input: stdin, output: stderr, terminal: true })
  try {
    return await new Promise((resolve, reject) => {
      reader.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
      reader.once('close', () => resolve(undefined))
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      reader.question(question, resolve)
    })
  } finally {
    reader.close()
  }
}

function readPassphraseFile(path: string): string {
  try {
    return checked(readFileSync(path, 'utf8').replace(/^\uFEFF|\r?\n$/g, ''))
  } catch (cause) {
    if (cause instanceof OppuError) throw cause
    throw new OppuError('NOT_FOUND', `cannot read the passphrase file ${path}`, { cause })
  }
}

function checked(passphrase: string): string {
  if (passphrase === '') throw new OppuError('INVALID_ARGUMENT', 'the passphrase is empty')
  return passphrase
}

/** Asks on the terminal without showing what is typed. */
async function askHidden(question: string, signal: AbortSignal): Promise<string> {
  stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input: stdin, output: silent, terminal: true })
  try {
    return await new Promise((resolve, reject) => {
      reader.once('line', resolve)
      reader.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
      reader.once('close', () => reject(new OppuError('INVALID_ARGUMENT', 'no passphrase given')))
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  } finally {
    reader.close()
    stderr.write('\n')
  }
}
