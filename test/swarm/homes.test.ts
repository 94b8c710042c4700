/**
 * Two homes, each behind the NAT of its own router, where network namespaces and nftables can be had: what no peer in
 * the one can dial in the other is pulled through a relay on the internet between them.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SCENE = fileURLToPath(new URL('./homes-scene.ts', import.meta.url))
const RELAY = '9.9.9.1'

/** A router that lets its home out under its own address, and nobody in who was not asked. */
const RULES = [
  'add table ip nat',
  'add chain ip nat out { type nat hook postrouting priority 100; }',
  'add rule ip nat out oifname wan masquerade',
  'add table ip filter',
  'add chain ip filter passing { type filter hook forward priority 0; policy accept; }',
  'add rule ip filter passing iifname wan ct state new drop',
].join('; ')

function home(name: string, number: number): readonly string[] {
  const router = `ip -n router-${name}`
  const inside = `ip -n home-${name}`
  const inRouter = `ip netns exec router-${name}`
  return [
    `ip netns add router-${name}`,
    `ip netns add home-${name}`,
    `ip link add wan-${name} type veth peer name wan netns router-${name}`,
    `${router} link add lan type veth peer name eth0 netns home-${name}`,
    `ip addr add 20.0.${number}.1/24 dev wan-${name}`,
    `${router} addr add 20.0.${number}.2/24 dev wan`,
    `${router} addr add 192.168.${number}.1/24 dev lan`,
    `${inside} addr add 192.168.${number}.2/24 dev eth0`,
    `ip link set wan-${name} up`,
    ...['wan', 'lan', 'lo'].map(device => `${router} link set ${device} up`),
    ...['eth0', 'lo'].map(device => `${inside} link set ${device} up`),
    `${router} route add default via 20.0.${number}.1`,
    `${inside} route add default via 192.168.${number}.1`,
    `${inRouter} sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'`,
    `${inRouter} nft '${RULES}'`,
  ]
}

function inNamespace(command: string) {
  const setUp = [
    'mount -t tmpfs none /run && mkdir /run/netns',
    `ip link set lo up && ip addr add ${RELAY}/32 dev lo`,
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    ...home('a', 1),
    ...home('b', 2),
  ]
  // All of it dies with the first process of a process namespace, whatever becomes of it.
  const flags = ['-rnmpf', '--kill-child', '--mount-proc']
  const args = [...flags, 'sh', '-c', [...setUp, command].join(' && '), process.execPath, SCENE, RELAY]
  return spawnSync('unshare', args, { encoding: 'utf8', timeout: 90_000 })
}

test('a base is pulled from home to home through a relay, where neither can be dialled', t => {
  if (inNamespace('true').status !== 0)
    return t.skip('no network namespaces with NAT can be made on this machine (unshare, ip, nft)')
  const { stdout, stderr, status } = inNamespace('exec "$0" "$1" internet "$2"')
  assert.equal(status, 0, stderr)
  const { reach, direct, relayed } = JSON.parse(stdout)
  assert.equal(reach, 'relay', 'the provider knows how it can be reached')
  assert.deepEqual(direct, { error: 'NO_PROVIDER', right: false, paths: ['direct'] }, 'the NAT holds')
  assert.deepEqual([relayed.error, relayed.right], [undefined, true])
  assert.ok(relayed.paths.includes('relay'))
})
