// What every answer carries, and the one address that people are kept on.
import type { NextFunction, Request, Response } from 'express';
import type { Settings } from '../settings.js';

type Middleware = (request: Request, response: Response, next: NextFunction) => void;

/**
 * Nothing from elsewhere but WeChat's QR code and the script of the JS-SDK, no inline code; pictures of people come from
 * WeChat's hosts, whichever they are, or from the mock.
 */
export function protectPages({ mockPort }: Settings): Middleware {
  const mock = mockPort === undefined ? undefined : `http://127.0.0.1:${mockPort}`;
  const pictures = mock ?? 'https:';
  // Of the JS-SDK and of the QR code in the sign-in page, whose frame holds our own answer at its end.
  const scripts = mock ?? 'https://res.wx.qq.com';
  const frame = mock ?? 'https://open.weixin.qq.com';
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    `script-src 'self' ${scripts}`,
    `frame-src 'self' ${frame}`,
    // The mock's script asks the mock where WeChat's asks the app around it.
    `connect-src 'self' ${mock ?? ''}`.trim(),
    `img-src 'self' ${pictures}`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return (_request, response, next) => {
    response.setHeader('Content-Security-Policy', policy);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    // Not `no-referrer`: browsers would send forms with `Origin: null`, which only those that also
    // send Sec-Fetch-Site can make up for.
    response.setHeader('Referrer-Policy', 'same-origin');
    next();
  };
}

/**
 * `localhost` is another host than `127.0.0.1` to cookies, and a login that starts on one would
 * come back on the other.
 */
export function ownAddress({ mockPort, publicUrl }: Settings): Middleware {
  const { host } = new URL(publicUrl);
  return (request, response, next) => {
    // Behind a proxy the Host header is the proxy's business.
    if (mockPort === undefined || request.method !== 'GET' || request.headers.host === host) next();
    else response.redirect(302, publicUrl);
  };
}
