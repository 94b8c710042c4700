/** The recipes' text work, and what they shipped: the demo's two users. */
import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { describe, it } from 'node:test'
import type { Item } from '../../cli/recipes/items.ts'
import { learnPseudonyms } from '../../cli/recipes/pseudonyms.ts'
import { cutAtSentence, parseReply, plainSubject } from '../../cli/recipes/reply.ts'

describe('taking a mail apart', () => {
  it('keeps the author and one level of quote, and drops attribution, signature and footer', () => {
    const body = [
      'On Thu, 22 Aug 2002 10:11:12 +0100, Jane Doe',
      '<jane@example.com> wrote:',
      '',
      '> > Older words.',
      '> Does it build?',
      '>',
      '> I tried twice.',
      '',
      'It does. Use the',
      'new version.',
      '-- ',
      'John Roe, 1 Main Street',
      '____________________________',
      'List mailing list',
    ].join('\n')
    assert.deepEqual(parseReply(body), {
      own: 'It does. Use the\nnew version.',
      quoted: 'Does it build?\n\nI tried twice.',
    })
  })

  it('takes what stands below an answer as what is answered', () => {
    const body =
      'Not here.\n\n-----Original Message-----\nFrom: Jane\nSent: Monday\nSubject: Re: x\n\nIs it there?\n'
    assert.deepEqual(parseReply(body), { own: 'Not here.', quoted: 'Is it there?' })
  })

  it('understands marks with initials and headers quoted by the mail program', () => {
    const body =
      'JD> Works here.\n\nNot for me.\n\n> From:  Jane <jane@example.com>\n> Date:  Wed, 21 Aug 2002\n>\n> Try again.\n\nDone.'
    assert.deepEqual(parseReply(body), { own: 'Not for me.\n\nDone.', quoted: 'Works here.\n\nTry again.' })
  })

  it('keeps a mail without quotes whole', () => {
    assert.deepEqual(parseReply('One.\n\n\n\nTwo.\n'), { own: 'One.\n\nTwo.', quoted: '' })
  })

  it('cuts at a sentence, or at a word where no sentence ends in time', () => {
    assert.equal(cutAtSentence('One two. Three four. Five six.', 22), 'One two. Three four.')
    assert.equal(cutAtSentence('One two. Three four.', 20), 'One two. Three four.')
    assert.equal(cutAtSentence('One two three four five', 15), 'One two three')
  })

  it('frees a subject of what the programs added', () => {
    assert.equal(plainSubject('[ILUG] Re: Re[2]: [list] Broken build (was: hello)'), 'Broken build')
    assert.equal(plainSubject('Re:'), '')
  })
})

describe('pseudonyms', () => {
  const { hide, isSignOff } = learnPseudonyms({
    people: [
      { name: 'Jane Roebuck', address: 'jroebuck@roebuck.example' },
      { name: 'Mark Longhill', address: 'mark@longhill.example' },
    ],
    firstNames: ['Jane', 'Mark', 'Susan'],
    texts: Array.from({ length: 4 }, () => 'please mark this; Mark, Mark!'),
    fixed: new Map([['jane roebuck', 'Alice']]),
    hosts: ['deepwood'],
  })

  it('replaces whole names by one name, the same each time', () => {
    const text = hide('Jane Roebuck said that Jane and jroebuck agree.')
    assert.match(text, /^Alice said that Alice and [A-Z][a-z]+ agree\.$/)
    assert.equal(hide('longhill'), hide('Longhill'))
  })

  it('leaves ordinary words that are names too, but not beside a name or inside a sentence', () => {
    assert.equal(hide('please mark this'), 'please mark this')
    assert.doesNotMatch(hide('Ask Mark Longhill'), /Mark|Longhill/)
    assert.doesNotMatch(hide('and then Mark came'), /Mark/)
    assert.doesNotMatch(hide('I met Susan Unheard'), /Susan|Unheard/)
  })

  it('hides addresses, links, hosts, numbers', () => {
    const text = hide(
      'mail someone@longhill.example, see https://a.b.com/~x?y=1 or www.c.org/d, ftp.deepwood.net or deepwood, +44 20 7946 0958, 10.1.2.3, /home/mark/x',
    )
    assert.doesNotMatch(text, /someone|longhill|a\.b\.com|c\.org|deepwood|7946|10\.1\.2\.3|\/home\/mark/)
    assert.match(text, /http:\/\/example\.org\/ or example\.org/)
    assert.match(text, /\[phone\].*192\.0\.2\.1.*\/home\/user/)
  })

  it('knows a line of nothing but names', () => {
    assert.equal(isSignOff('Jane R.'), true)
    assert.equal(isSignOff('Jane agrees'), false)
  })
})

describe("the demo's users", () => {
  for (const name of ['alice', 'bob']) {
    it(`${name} is well formed and holds nobody's address`, async () => {
      const file = new URL(`../../cli/demo/authors/${name}.jsonl`, import.meta.url)
      assert.ok((await stat(file)).size < 500_000)
      const items: Item[] = (await readFile(file, 'utf8'))
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line))
      assert.ok(items.length >= 40 && items.length <= 80)
      assert.equal(new Set(items.map(item => item.id)).size, items.length)
      assert.deepEqual(
        items.map(item => item.time),
        items.map(item => item.time).sort(),
      )
      for (const { id, time, input, output, task } of items) {
        assert.match(id, /^[0-9a-f]{16}$/)
        assert.equal(new Date(time).toISOString(), time)
        assert.equal(task, 'reply')
        assert.ok(output.length >= 40 && output.length <= 600, `${id}: ${output.length} characters`)
        assert.match(input, /^Write a reply\.\nSubject: .*\n\n/)
        for (const [address] of `${input}\n${output}`.matchAll(/\S+@\S+\.\w+|https?:\/\/\S+/g)) {
          assert.match(address, /@example\.org|^http:\/\/example\.org\//, `${id}: ${address}`)
        }
      }
    })
  }
})
