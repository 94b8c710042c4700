import assert from 'node:assert/strict'
import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { History } from '../../node/personal/history.ts'
import { detectFormat, type ImportFileOptions, importHistory } from '../../node/personal/import.ts'
import { type Imported, parseTime } from '../../node/personal/importers/importer.ts'
import { importJsonl } from '../../node/personal/importers/jsonl.ts'
import { htmlText, ownSubject, ownText, quotedText } from '../../node/personal/importers/mail-text.ts'
import { splitMbox } from '../../node/personal/importers/mbox.ts'
import { Database } from '../../node/store/db.ts'
import { scratch, vaultOf } from '../store/fixtures.ts'

async function importer(t: TestContext) {
  const folder = await scratch(t)
  const db = await Database.open(join(folder, 'db'))
  t.after(() => db.close())
  const history = History.open(db, await vaultOf('p'))
  return {
    folder,
    history,
    async read(name: string, content: string | Uint8Array, options: ImportFileOptions = {}) {
      const path = join(folder, name)
      await writeFile(path, content)
      return importHistory(history, path, { time: 1000, ...options })
    },
  }
}

test('HTML becomes its text, and mail made to be slow takes no longer than other mail', () => {
  const page =
    '<head><style>p {}</style></head><p>One<br>two</p><!-- not --><script>no()</script >three <b>&lt;</b>'
  assert.equal(htmlText(page), '\nOne\ntwo\nthree <'.slice(1))
  assert.equal(htmlText('a <script>never closed'), 'a never closed')
  const started = performance.now()
  for (const open of ['<script>', '<!--', '<', '<br ', '</script'])
    assert.equal(typeof htmlText(open.repeat(100_000)), 'string')
  assert.equal(ownText(`he wrote${' '.repeat(100_000)}.x\n> quoted\nown`).endsWith('own'), true)
  assert.ok(performance.now() - started < 5000)
})

test('JSON Lines: every shape, times, tasks and sources', async t => {
  const { history, read } = await importer(t)
  const lines = [
    { prompt: 'p', completion: 'c', time: '2024-05-01T10:00:00Z', task: 'mail', id: 'x7' },
    { input: 'i', output: 'o', time: '2024-05-01T10:00:00' },
    { output: 'alone', time: 1_714_557_600 },
    {
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'ho' },
      ],
      time: 1_714_557_600_000,
    },
    {
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
        { role: 'user', content: 'c' },
        { role: 'assistant', content: 'd' },
      ],
    },
  ]
  const report = await read(
    'h.jsonl',
    `\uFEFF${lines.map(line => JSON.stringify(line)).join('\r\n')}\r\n\r\n  \n`,
  )
  assert.deepEqual(report, { format: 'jsonl', added: 5, duplicates: 0, refused: 0, skipped: 0, refusals: [] })
  const items = Object.fromEntries((await history.list()).map(item => [item.output, item]))
  const time = Date.UTC(2024, 4, 1, 10)
  assert.deepEqual(
    { ...items.c, id: '' },
    { id: '', time, input: 'p', output: 'c', task: 'mail', source: 'h.jsonl:1#x7' },
  )
  assert.deepEqual([items.o?.time, items.alone?.time, items.ho?.time], [time, time, time])
  assert.deepEqual([items.o?.task, items.alone?.input, items.ho?.input], ['general', '', 'hi'])
  assert.deepEqual([items.d?.input, items.d?.time], ['Be short.\n\nUser: a\n\nAssistant: b\n\nUser: c', 1005])
  assert.equal((await read('h.jsonl', JSON.stringify(lines[0]), { task: 'other' })).duplicates, 1)
})

test('JSON Lines: bad lines are refused by number, the rest imported', async t => {
  const { history, read } = await importer(t)
  const bad: readonly (readonly [string | Uint8Array, RegExp])[] = [
    ['{"prompt": "p", "completion": ', /not JSON/],
    ['[1, 2]', /not a JSON object/],
    ['null', /not a JSON object/],
    ['{"text": "t"}', /neither/],
    ['{"prompt": 1, "completion": "c"}', /not a string/],
    ['{"prompt": "p", "completion": "  "}', /output is empty/],
    ['{"prompt": "p", "completion": "c", "time": "yesterday"}', /time/],
    ['{"prompt": "p", "completion": "c", "task": "two words"}', /task/],
    ['{"prompt": "p", "completion": "\\ud800"}', /surrogate/],
    ['{"messages": []}', /messages/],
    ['{"messages": [{"role": "user", "content": "u"}]}', /last message/],
    ['{"messages": [{"role": "tool", "content": "u"}]}', /role/],
    ['{"messages": [{"role": "assistant", "content": [1]}]}', /content/],
    [Buffer.from('{"prompt": "p", "completion": "\xff"}', 'latin1'), /UTF-8/],
    [`{"prompt": "${'x'.repeat(5 << 20)}", "completion": "c"}`, /longer/],
    [`{"prompt": "${'x'.repeat((1 << 20) + 1)}", "completion": "c"}`, /more than/],
  ]
  const good = (n: number) => Buffer.from(`{"prompt": "p", "completion": "good ${n}"}\n`)
  const content = Buffer.concat(bad.flatMap(([line], n) => [good(n), Buffer.from(line), Buffer.from('\n')]))
  const report = await read('bad.jsonl', content, { keep: 100 })
  assert.equal(report.added, bad.length)
  assert.equal(report.refused, bad.length)
  for (const [n, [, reason]] of bad.entries()) {
    assert.equal(report.refusals[n]?.line, 2 * n + 2)
    assert.match(report.refusals[n].reason, reason)
  }
  assert.equal((await read('bad.jsonl', content)).refusals.length, 5)
  assert.equal(await history.count(), bad.length)
})

test('JSON Lines: pieces of any size give the same lines', async () => {
  const content = Buffer.from(
    `\uFEFF${Array.from({ length: 30 }, (_, n) => `{"output": "é${n}"}\r\n`).join('')}{"output": "last"}`,
  )
  for (const step of [1, 2, 3, 7, 1000]) {
    const pieces = Array.from({ length: Math.ceil(content.length / step) }, (_, i) =>
      content.subarray(i * step, (i + 1) * step),
    )
    const entries: Imported[] = []
    for await (const entry of importJsonl(pieces, { source: 's', time: 0 })) entries.push(entry)
    assert.equal(entries.length, 31)
    for (const entry of entries) assert.equal(entry.kind, 'item')
  }
})

test('files that are something else', async t => {
  const { folder, history, read } = await importer(t)
  assert.deepEqual(await read('empty.jsonl', ''), {
    format: 'jsonl',
    added: 0,
    duplicates: 0,
    refused: 0,
    skipped: 0,
    refusals: [],
  })
  assert.equal((await read('empty', '')).added, 0)
  await assert.rejects(read('x.jsonl', Buffer.from([0x1f, 0x8b, 8, 0])), { code: 'INVALID_DATA' })
  await assert.rejects(read('x.jsonl', Buffer.from('\uFEFF{}', 'utf16le')), { code: 'INVALID_DATA' })
  await assert.rejects(read('picture', Buffer.from([0x89, 0x50, 0x4e, 0x47])), { code: 'INVALID_DATA' })
  await assert.rejects(importHistory(history, join(folder, 'nothing')), { code: 'NOT_FOUND' })
  await assert.rejects(read('l.json', '[{"a": 1}]'), { code: 'INVALID_DATA' })
  await assert.rejects(read('l.json', '[{"profile": ['), { code: 'INVALID_DATA' })
  await assert.rejects(read('l.json', '[]'), { code: 'INVALID_DATA' })
  for (const [name, content, format] of [
    ['a', '{"prompt": ""}', 'jsonl'],
    ['b', ' [ {"user_id": "1"', 'lamp'],
    ['c', '{"user_id": "1"', 'lamp'],
    ['d', 'From a@b Mon Jan  1 00:00:00 2001\n', 'mbox'],
    ['e', 'Received: from x\nFrom: a@b\n', 'eml'],
  ] as const) {
    await writeFile(join(folder, name), content)
    assert.equal(await detectFormat(join(folder, name)), format)
  }
})

test('times', () => {
  const cases: readonly (readonly [unknown, number | undefined])[] = [
    ['2024', Date.UTC(2024, 0)],
    ['2024-05', Date.UTC(2024, 4)],
    ['2024-05-01 10:00', Date.UTC(2024, 4, 1, 10)],
    ['2024-05-01T10:00:00.5+02:00', Date.UTC(2024, 4, 1, 8, 0, 0, 500)],
    [-86_400, -86_400_000],
    [1e20, undefined],
    [Number.NaN, undefined],
    ['May 1', undefined],
    ['2024-13-01', undefined],
    ['', undefined],
    [{}, undefined],
  ]
  for (const [value, time] of cases) assert.equal(parseTime(value), time, String(value))
})

const MBOX = `From MAILER Mon Sep  2 10:00:00 2002
From: Ann Author <ann@example.org>
Date: Mon, 2 Sep 2002 10:00:00 +0200
Subject: Garden plans
Content-Type: text/plain; charset=utf-8

Hello all,

From now on we meet on Sundays.
>From 2003 on, twice.

Ann
-- 
Ann Author, a signature
_______________________________________________
list mailing list

From MAILER Mon Sep  2 11:00:00 2002
From: bob@example.org
Date: Mon, 2 Sep 2002 11:00:00 +0200
Subject: Re: Garden plans

Fine.

From MAILER Mon Sep  2 12:00:00 2002
From: "Ann Author" <ANN@example.org>
Date: rubbish
Subject: =?utf-8?q?Re=3A_=5Bgarden=5D_Garden_pl=C3=A4ns?=
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

On Mon, 2 Sep 2002, Bob <bob@example.org>
wrote:
> Fine.
>> older

Good, see y=C3=B6u.

From MAILER Mon Sep  2 13:00:00 2002
From: ann@example.org
Subject: html only
Content-Type: text/html

<html><head><title>no</title></head><body><p>Tea &amp; cake?</p></body></html>

From MAILER Mon Sep  2 14:00:00 2002
Subject: nobody

x

From MAILER Mon Sep  2 15:00:00 2002
From: ann@example.org
Subject: Re: only a quote

> what?
`

test("mail: the author's own words, in answer to what they quote", async t => {
  const { history, read } = await importer(t)
  await assert.rejects(read('m.mbox', MBOX), { code: 'INVALID_ARGUMENT' })
  const report = await read('m.mbox', MBOX.replaceAll('\n', '\r\n'), { author: 'ann@example.org' })
  assert.deepEqual(
    { ...report, refusals: report.refusals.map(({ line, reason }) => ({ line, reason })) },
    {
      format: 'mbox',
      added: 3,
      duplicates: 0,
      refused: 1,
      skipped: 2,
      refusals: [
        {
          line: MBOX.split('\n').findIndex(line => line.includes('14:00')) + 1,
          reason: 'the message has no From header',
        },
      ],
    },
  )
  const items = await history.list()
  assert.deepEqual(
    items.map(({ input, output, task }) => ({ input, output, task })),
    [
      {
        input: 'Write an e-mail with the subject: Garden plans',
        output: 'Hello all,\n\nFrom now on we meet on Sundays.\nFrom 2003 on, twice.\n\nAnn',
        task: 'mail-text',
      },
      { input: 'Answer this e-mail:\n\nFine.', output: 'Good, see yöu.', task: 'mail-text' },
      { input: 'Write an e-mail with the subject: html only', output: 'Tea & cake?', task: 'mail-text' },
    ],
  )
  assert.equal(items[0]?.time, Date.UTC(2002, 8, 2, 8))
  assert.equal(items[0].source, 'm.mbox:1')
})

test('mail: subjects of messages that are no replies; folders of messages', async t => {
  const { folder, history, read } = await importer(t)
  const report = await read('m.mbox', MBOX, { author: 'Ann Author', mail: 'subject' })
  assert.equal(report.added, 1)
  const [item] = await history.list()
  assert.equal(item?.output, 'Garden plans')
  assert.match(item.input, /^Write the subject line of this e-mail:\n\nHello all,/)
  const folderOfMail = join(folder, 'mail')
  await mkdir(folderOfMail)
  await writeFile(join(folderOfMail, '1.eml'), 'From: ann@example.org\nSubject: One\n\nfirst\n')
  await writeFile(join(folderOfMail, '2.eml'), 'From: ann@example.org\nSubject: Two\n\nsecond\n')
  await writeFile(join(folderOfMail, '3.eml'), '')
  const many = await importHistory(history, folderOfMail, { author: 'ann@example.org', mail: 'subject' })
  assert.deepEqual([many.format, many.added, many.refused], ['eml', 2, 0])
})

test("the author's own text", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['I agree.\n\n> so?\nNo.', 'I agree.\n\nNo.', 'so?'],
    ['On Tue, X wrote:\n> a\n>\n> b\n\nYes.', 'Yes.', 'a\n\nb'],
    ['JM> said I\nme', 'me', 'said I'],
    ['text\n-----Original Message-----\nFrom: x\nold', 'text', ''],
    ['text\n-- \nsig', 'text', ''],
    [
      'text\n\n-------------------------------------------------------\nThis mail is sponsored by: x',
      'text',
      '',
    ],
    ['Title\n----------\nbody', 'Title\n----------\nbody', ''],
    [
      '-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA1\n\ntext\n-----BEGIN PGP SIGNATURE-----\nabc',
      'text',
      '',
    ],
    ['He wrote:\nnothing', 'He wrote:\nnothing', ''],
    ['', '', ''],
  ]
  for (const [text, own, quoted] of cases) {
    assert.equal(ownText(text), own)
    assert.equal(quotedText(text), quoted)
  }
  assert.deepEqual(ownSubject(' Re: [list] RE[2]:  Fwd: A  b '), { subject: 'A b', reply: true })
  assert.deepEqual(ownSubject('[list] Reading: x'), { subject: 'Reading: x', reply: false })
})

test('mbox: a "From " line inside a paragraph does not split', async () => {
  const text =
    'From a Mon Sep  2 10:00:00 2002\nA: 1\n\nFrom here to there\nFrom b Mon Sep  2 10:00:00 2002\nx\n\nFrom c@d Mon Sep  2 10:00:00 +0200 2002\nB: 2\n\ny'
  const messages = []
  for await (const message of splitMbox([Buffer.from(text)]))
    messages.push([message.line, Buffer.from(message.bytes!).toString()])
  assert.deepEqual(messages, [
    [1, 'A: 1\n\nFrom here to there\nFrom b Mon Sep  2 10:00:00 2002\nx\n\n'],
    [8, 'B: 2\n\ny\n'],
  ])
})

test("LaMP: one user, the queries' words, queries newest, options kept", async t => {
  const { history, read } = await importer(t)
  const users = [
    {
      user_id: 'u1',
      profile: [
        { title: 'T1', citation: 'C1', date: '1999', id: '0' },
        { title: 'T2', citation: 'C2', date: '1998', id: '1' },
        { title: '', citation: 'C3', id: '2' },
        7,
      ],
      query: [
        { id: '3', input: 'For an author ...? [1]: "A" [2]: "B"', gold: '[2]' },
        { id: '4', input: 'no gold' },
      ],
    },
    { user_id: 'u2', profile: [{ title: 'X', citation: 'D1', id: '0' }], query: [] },
  ]
  await assert.rejects(read('l.json', JSON.stringify(users)), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(read('l.json', JSON.stringify(users), { user: 'u3' }), { code: 'NOT_FOUND' })
  const report = await read('l.json', JSON.stringify(users), { user: 'u1' })
  assert.deepEqual([report.added, report.refused, report.refusals.map(({ line }) => line)], [3, 3, [3, 4, 6]])
  const [one, two, query] = await history.list()
  assert.equal(one?.time, Date.UTC(1999, 0))
  assert.equal(two?.time, one.time + 1)
  assert.equal(query?.output, '[2]')
  for (const [item, own] of [
    [one, 'C1'],
    [two, 'C2'],
  ] as const) {
    const options = /\[1\]: "(.*)" \[2\]: "(.*)"$/.exec(item.input)!
    assert.deepEqual(new Set(options.slice(1)), new Set([own, 'D1']))
    assert.equal(options[item.output === '[1]' ? 1 : 2], own)
  }
})

const LAMP = new URL('../../../shared/lamp/', import.meta.url)

test('LaMP: the seven real files, in the words of their queries', async t => {
  const there = await access(LAMP).then(
    () => true,
    () => false,
  )
  if (!there) return t.skip('../shared/lamp is not here')
  const tasks = {
    citation: 'lamp-1-citation',
    movie_tagging_redistributable: 'lamp-2m-movie',
    news_categorize: 'lamp-2n-news',
    product_rating: 'lamp-3-rating',
    news_headline: 'lamp-4-headline',
    scholarly_title: 'lamp-5-title',
    tweet_paraphrase: 'lamp-7-tweet',
  }
  for (const [folder, task] of Object.entries(tasks)) {
    const path = fileURLToPath(new URL(`${folder}/user_top_100_history.json`, LAMP))
    const users = JSON.parse(await readFile(path, 'utf8')) as {
      user_id: string
      profile: unknown[]
      query: unknown[]
    }[]
    const { history } = await importer(t)
    const user = users[0]!
    const report = await importHistory(history, path, { user: user.user_id })
    assert.equal(report.refused, 0, folder)
    assert.equal(report.added + report.duplicates, user.profile.length + user.query.length)
    const items = await history.list()
    assert.ok(items.every(item => item.task === task))
    // What a profile item asks begins as what a query asks; LaMP-7's profile has no inputs to ask about.
    if (folder !== 'tweet_paraphrase')
      assert.equal(items[0]!.input.slice(0, 24), items.at(-1)!.input.slice(0, 24))
  }
})
