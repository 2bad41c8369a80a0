// What every answer carries, and the one address that people are kept on.
import type { NextFunction, Request, Response } from 'express';
import type { Settings } from '../settings.js';

type Middleware = (request: Request, response: Response, next: NextFunction) => void;

/**
 * Nothing from elsewhere but WeChat's QR code, no inline code; pictures of people come from WeChat's hosts, whichever
 * they are, or from the mock.
 */
export function protectPages({ mockPort }: Settings): Middleware {
  const pictures = mockPort === undefined ? 'https:' : `http://127.0.0.1:${mockPort}`;
  // The QR code in the sign-in page: WeChat's script, its frame, and our own answer in that frame.
  const [script, frame] =
    mockPort === undefined ? ['https://res.wx.qq.com', 'https://open.weixin.qq.com'] : [pictures, pictures];
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    `script-src 'self' ${script}`,
    `frame-src 'self' ${frame}`,
    "connect-src 'self'",
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
