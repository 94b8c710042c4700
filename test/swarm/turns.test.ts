/** Who may go on at once, in which order, and for how long. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Turns } from '../../node/swarm/turns.ts'
import { isOppuError, type OppuError } from '../../protocol/errors.ts'

const never = new AbortController().signal
const keeps = () => assert.fail('lost')

test('so many at once, then one of each peer in turn, and no more may wait than is allowed', async () => {
  const turns = new Turns({ atOnce: 1, waiting: 3, turnMs: 60_000 })
  const first = await turns.take('a', 0, never, keeps)
  assert.equal(await turns.take('b', 5, never, keeps), undefined, 'there was none in time')
  const order: string[] = []
  const waiting = ['a', 'a', 'b'].map(async peer => {
    const turn = await turns.take(peer, 1000, never, keeps)
    order.push(peer)
    turn!.giveBack()
  })
  await assert.rejects(turns.take('c', 1000, never, keeps), (error: unknown) =>
    isOppuError(error, 'UNAVAILABLE'),
  )
  first!.giveBack()
  await Promise.all(waiting)
  assert.deepEqual(order, ['a', 'b', 'a'])
})

test('whoever keeps a turn too long loses it, but only to those who wait', async () => {
  const turns = new Turns({ atOnce: 2, waiting: 10, turnMs: 50 })
  const lost: string[] = []
  const take = (peer: string) =>
    turns.take(peer, 1000, never, (reason: OppuError) => lost.push(`${peer} ${reason.code}`))
  const slow = await take('slow')
  await sleep(60)
  const quick = await take('quick')
  assert.deepEqual(lost, [], 'nobody waited')
  const next = take('next')
  assert.deepEqual(lost, ['slow TIMEOUT'])
  slow!.giveBack()
  const came = await next
  assert.ok(came)
  quick!.giveBack()
  came.giveBack()
})

test('a wait that is called off takes no turn', async () => {
  const turns = new Turns({ atOnce: 1, waiting: 10, turnMs: 60_000 })
  const first = await turns.take('a', 0, never, keeps)
  const stop = new AbortController()
  const second = turns.take('b', 1000, stop.signal, keeps)
  stop.abort(new Error('no more'))
  await assert.rejects(second, /no more/)
  first!.giveBack()
  assert.ok(await turns.take('c', 0, never, keeps))
})
