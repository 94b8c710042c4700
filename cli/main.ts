#!/usr/bin/env -S node --max-semi-space-size=1 --heap-growing-percent=70
/**
 * The command line. Each command lives in commands/ and adds itself to the program; this file holds what is common:
 * how an error is told, and the exit status.
 */
import { Command } from '@commander-js/extra-typings'
import { isOppuError } from '../protocol/errors.ts'
import { addAdapterCommands } from './commands/adapter.ts'
import { addBaseCommands } from './commands/base.ts'
import { addCoordinatorCommands } from './commands/coordinator.ts'
import { addDataCommands } from './commands/data.ts'
import { addDemoCommand } from './commands/demo.ts'
import { addDoctorCommand } from './commands/doctor.ts'
import { addEvalCommand } from './commands/eval.ts'
import { addGenerateCommand } from './commands/generate.ts'
import { addInitCommand } from './commands/init.ts'
import { addNodeCommands } from './commands/node.ts'
import { addPeersCommand } from './commands/peers.ts'
import { addTrainCommand } from './commands/train.ts'
import { catchSignals, Interrupted } from './context.ts'
import { fromSystemError } from './system-error.ts'
import { printable } from './terminal.ts'
import { VERSION } from './version.ts'

/** Exit status for wrong usage (sysexits.h EX_USAGE) and for a fault of ours (EX_SOFTWARE). */
const EXIT_USAGE = 64
const EXIT_FAULT = 70

export function buildProgram(): Command {
  const program = new Command('oppu')
    .description('A language model of your own: a shared base, and a small adapter that only you can open.')
    .version(VERSION, '--version') // no -V: a line of a wrapped invitation may begin so
    .showHelpAfterError('(add --help for the options of this command)')
    .exitOverride()
  for (const add of [
    addInitCommand,
    addDoctorCommand,
    addBaseCommands,
    addDataCommands,
    addTrainCommand,
    addEvalCommand,
    addGenerateCommand,
    addAdapterCommands,
    addNodeCommands,
    addPeersCommand,
    addCoordinatorCommands,
    addDemoCommand,
  ]) {
    add(program)
  }
  return program
}

/** Tells an error on stderr and returns the exit status that goes with it. */
function report(thrown: unknown): number {
  const error = fromSystemError(thrown)
  if (error instanceof Interrupted) return error.exit
  if (isOppuError(error)) {
    process.stderr.write(`oppu: ${printable(error.message)} [${error.code}]\n  ${error.hint}\n`)
    return error.exit
  }
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('commander.')) {
    // commander has told it already; asking for help or the version is no error.
    return 'exitCode' in error && error.exitCode === 0 ? 0 : EXIT_USAGE
  }
  process.stderr.write(
    `oppu: unexpected fault, please report it\n${error instanceof Error ? error.stack : String(error)}\n`,
  )
  return EXIT_FAULT
}

catchSignals(report)
try {
  await buildProgram().parseAsync()
} catch (error) {
  process.exitCode = report(error)
}
