// Whose pages may hold the answers of a login in a frame.
import { frameAncestors, isSameSite } from '../../../../lib/auth/http/frame-ancestors.js';
import { makeLogin } from '../../../support/login-parts.js';

describe('Two addresses are of one site', () => {
  it.each([
    ['https://shop.example.com', 'https://www.example.com'],
    ['https://shop.example.com', 'https://example.com'],
    ['https://a.b.example.com', 'https://c.example.com:8443'],
    ['https://shop.example.com.cn', 'https://www.example.com.cn'],
    ['https://example.com.cn', 'https://www.example.com.cn'],
    ['https://m.qq.cn', 'https://www.qq.cn'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:5173'],
    ['http://localhost:3000', 'http://localhost:5173'],
    ['http://[::1]:3000', 'http://[::1]:5173'],
  ])('%s and %s', (one, other) => {
    expect([isSameSite(new URL(one), new URL(other)), isSameSite(new URL(other), new URL(one))]).toEqual([
      true,
      true,
    ]);
  });

  it.each([
    ['https://shop.example.com', 'http://shop.example.com'],
    ['https://shop.example.com', 'https://www.example.org'],
    ['https://shop.com', 'https://example.com'],
    ['https://shop.example.com', 'https://shopexample.com'],
    ['https://shop.com.cn', 'https://example.com.cn'],
    ['https://com.cn', 'https://example.com.cn'],
    ['https://shop.co.uk', 'https://example.co.uk'],
    ['http://10.0.0.1', 'http://127.0.0.1'],
    ['http://[::1]', 'http://[::2]'],
    ['http://localhost', 'http://shop.localhost'],
    ['https://shop.example.com', 'https://www.example.com.'],
  ])('and these are not: %s and %s', (one, other) => {
    expect([isSameSite(new URL(one), new URL(other)), isSameSite(new URL(other), new URL(one))]).toEqual([
      false,
      false,
    ]);
  });
});

describe('frame-ancestors', () => {
  const of = (publicUrl: string, ...origins: string[]) => {
    const { config, website } = makeLogin({ publicUrl, returnTo: { origins } });
    return frameAncestors(config, website).split(' ').sort();
  };

  it('names the listed origins of the same site, ours among them, and nobody else', () => {
    expect(
      of(
        'https://shop.example.com/base',
        'https://www.example.com',
        'https://www.coffee.test',
        'http://localhost:5173',
      ),
    ).toEqual(['https://shop.example.com', 'https://www.example.com']);
  });

  it('never is empty, nor a source that a policy cannot spell', () => {
    expect(of('http://[::1]:3000')).toEqual(["'self'"]);
    expect(of('https://shop.example.com')).toEqual(['https://shop.example.com']);
  });
});
