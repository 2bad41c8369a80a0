// XML and JSON of pushes: what WeChat sends is read, and nothing that two readers may read in two
// ways.
import fc from 'fast-check';
import { countKey, readJson } from '../../../lib/push/wire/push-json.js';
import { readXml } from '../../../lib/push/wire/push-xml.js';

describe('XML', () => {
  it('reads texts with and without CDATA, empty elements, and elements inside', () => {
    const text =
      '<xml><ToUserName><![CDATA[gh_1]]></ToUserName>\n<CreateTime>123</CreateTime><EventKey></EventKey><Ticket/>' +
      '<SendPicsInfo><Count>2</Count><PicList><item><Md5>a</Md5></item><item><Md5>b</Md5></item></PicList></SendPicsInfo></xml>';
    expect(readXml(text)).toEqual({
      ToUserName: 'gh_1',
      CreateTime: '123',
      EventKey: '',
      Ticket: '',
      SendPicsInfo: { Count: '2', PicList: { item: [{ Md5: 'a' }, { Md5: 'b' }] } },
    });
  });

  it('knows the five entities and numbers, and keeps what only looks like markup', () => {
    expect(readXml('<x><a>&lt;&amp;&gt;&quot;&apos;&#65;</a><b><![CDATA[<c>&amp;]]></b></x>')).toEqual({
      a: '<&>"\'A',
      b: '<c>&amp;',
    });
  });

  it('has no prototype to be confused with', () => {
    const read = readXml('<x><__proto__>1</__proto__><constructor>2</constructor></x>')!;
    expect(Object.keys(read)).toEqual(['__proto__', 'constructor']);
    expect(read['toString']).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  const nested = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth);
  it.each([
    ['a document type', '<!DOCTYPE xml [<!ENTITY a "b">]><xml><a>&a;</a></xml>'],
    ['an external one', '<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml><a>1</a></xml>'],
    ['an entity beyond the five', '<xml><a>&nbsp;</a></xml>'],
    ['a processing instruction', '<xml><?php 1?><a>1</a></xml>'],
    ['a comment', '<xml><a>1<!-- x -->2</a></xml>'],
    ['two roots', '<xml><a>1</a></xml><xml><a>2</a></xml>'],
    ['text behind the root', '<xml><a>1</a></xml>x'],
    ['text beside elements', '<xml>x<a>1</a></xml>'],
    ['what is not closed', '<xml><a>1</xml>'],
    ['a root of text', '<xml>1</xml>'],
    ['JSON', '{"a":1}'],
    ['nothing', ''],
    ['too deep', nested(9)],
    ['too many', `<xml>${'<a>1</a>'.repeat(200)}</xml>`],
    ['a control character', '<xml><a>\u0001</a></xml>'],
  ])('does not read %s', (_what, text) => {
    expect(readXml(text)).toBeUndefined();
  });

  it('reads what is just as deep and as long as may be', () => {
    expect(readXml(nested(8))).toBeDefined();
    expect(readXml(`<xml>${'<a>1</a>'.repeat(199)}</xml>`)).toBeDefined();
  });

  it('never throws', () => {
    const piece = fc.constantFrom('<xml>', '</xml>', '<a', '>', '<![CDATA[', ']]>', '&', ';', '<!', 'x', '"');
    fc.assert(fc.property(fc.array(piece), (pieces) => void readXml(pieces.join(''))));
  });
});

describe('JSON', () => {
  it('reads the same fields, numbers as texts, long ones exactly', () => {
    expect(readJson('{"a":1,"b":"x","c":{"d":[1,"2",null]},"e":true,"MsgId":23456789012345678901}')).toEqual({
      a: '1',
      b: 'x',
      c: { d: ['1', '2', ''] },
      e: 'true',
      MsgId: '23456789012345678901',
    });
  });

  it('leaves long digits inside texts alone', () => {
    expect(readJson('{"a":"x\\"12345678901234567890","b":"12345678901234567890:"}')).toEqual({
      a: 'x"12345678901234567890',
      b: '12345678901234567890:',
    });
  });

  it.each([
    ['an array', '[1]'],
    ['a text', '"a"'],
    ['null', 'null'],
    ['what is none', '{"a":1'],
    ['too deep', `${'{"a":'.repeat(9)}1${'}'.repeat(9)}`],
    ['too many', JSON.stringify(Object.fromEntries([...Array(201).keys()].map((key) => [`k${key}`, 1])))],
    ['far too deep', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
  ])('does not read %s', (_what, text) => {
    expect(readJson(text)).toBeUndefined();
  });

  it.each([
    ['{"Encrypt":"a"}', 1],
    ['{"Encrypt":"a","Encrypt":"b"}', 2],
    ['{"Encrypt":"a","\\u0045ncrypt" : "b"}', 2],
    ['{"a":[":","Encrypt"],"b":"\\"Encrypt\\":"}', 0],
    ['["a",":Encrypt","Encrypt"]', 0],
  ])('counts keys and nothing else: %s', (text, count) => {
    expect(countKey(text, 'Encrypt')).toBe(count);
  });

  it('gives the texts of every object back', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string(), { maxKeys: 20 }), (object) => {
        expect(readJson(JSON.stringify(object))).toEqual(object);
      }),
    );
  });
});
