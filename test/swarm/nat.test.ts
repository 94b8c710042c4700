/** Reaching a peer that nobody can dial, where addresses are public: in a network namespace, where one can be made. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SCENE = fileURLToPath(new URL('./nat-scene.ts', import.meta.url))
const [RELAY, OPEN] = ['9.9.9.1', '8.8.0.1']

function inNamespace(command: string, relays = 'told') {
  const setUp = ['ip link set lo up', ...[RELAY, OPEN].map(host => `ip addr add ${host}/32 dev lo`)]
  const args = [
    '-rn',
    'sh',
    '-c',
    [...setUp, command].join(' && '),
    process.execPath,
    SCENE,
    RELAY,
    OPEN,
    relays,
  ]
  return spawnSync('unshare', args, { encoding: 'utf8', timeout: 90_000 })
}

for (const relays of ['told', 'auto'])
  test(`relay ${relays}: a relayed connection gives way to a direct one where one side has a public address`, t => {
    if (inNamespace('true').status !== 0) return t.skip('no network namespace can be made on this machine')
    const { stdout, stderr, status } = inNamespace('exec "$0" "$@"', relays)
    assert.equal(status, 0, stderr)
    const { before, relayed, first, then, direct, after } = JSON.parse(stdout)
    assert.deepEqual([relayed, direct], [7, 7])
    assert.deepEqual(first, ['relay'])
    assert.deepEqual(then, ['direct'])
    assert.deepEqual(
      [before, after],
      ['unknown', 'everywhere'],
      'and whoever was dialled knows that it can be',
    )
  })
