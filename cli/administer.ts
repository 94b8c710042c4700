/** Has an operation of a coordinator performed: by the one that runs on this folder, or on the folder itself where none does. */
import { stat } from 'node:fs/promises'
import type { OperationName, ResultOf, ValuesOf } from '../coordinator/operations.ts'
import { absent } from '../node/store/atomic-file.ts'
import { OppuError } from '../protocol/errors.ts'
import type { Context } from './context.ts'

/** @throws OppuError IN_USE while another command works on the folder, NOT_PERMITTED, and those of the operation. */
export async function administer<Name extends OperationName>(
  context: Context,
  name: Name,
  values: ValuesOf<Name>,
): Promise<ResultOf<Name>> {
  const { coordinatorHome: home, signal } = context
  const { askRunning } = await import('../coordinator/admin.ts')
  const running = await askRunning(home, name, values, signal)
  if (running !== undefined) return running.result
  await demandOwn(home)
  const { Coordinator } = await import('../coordinator/coordinator.ts')
  const { perform } = await import('../coordinator/operations.ts')
  await using coordinator = await Coordinator.open({ home, listen: [], signal })
  return await perform(coordinator, name, values)
}

/** What the administrator writes into a service's folder, the service could not read any more. */
async function demandOwn(home: string): Promise<void> {
  if (process.getuid?.() !== 0) return
  const owner = await stat(home).then(
    ({ uid }) => uid,
    error => absent(error, 0),
  )
  if (owner !== 0)
    throw new OppuError(
      'NOT_PERMITTED',
      `${home} belongs to user ${owner}: start the service, or be that user`,
    )
}
