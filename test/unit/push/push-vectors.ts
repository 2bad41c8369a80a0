// The vectors of WeChat's own pages and of the libraries that were read: message-push.html,
// encryption.md, Third-party_Platforms/2.0/api/Before_Develop/message_push.html.

const ZERO_KEY = 'A'.repeat(43);
const LETTERS_KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';

export interface Vector {
  name: string;
  token: string;
  key: string;
  receiver: string;
  timestamp: string;
  nonce: string;
  signature: string;
  encrypted: string;
  /** As ASCII. */
  random: string;
  message: string;
}

export const ADDRESS_CHECK = {
  token: 'AAAAA',
  timestamp: '1714036504',
  nonce: '1514711492',
  signature: 'f464b24fc39322e44b38aa78f5edd27bd1441696',
  echostr: '4375120948345356249',
  plain: {
    timestamp: '1714037059',
    nonce: '486452656',
    signature: '899cf89e464efb63f54ddac96b0a0a235f53aa78',
  },
};

export const MINI_PROGRAM: Vector = {
  name: 'B: a push of a mini program',
  token: 'AAAAA',
  key: ZERO_KEY,
  receiver: 'wxba5fad812f8e6fb9',
  timestamp: '1714112445',
  nonce: '415670741',
  signature: '046e02f8204d34f8ba5fa3b1db94908f3df2e9b3',
  encrypted:
    '+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=',
  random: 'a8eedb185eb2fecf',
  message:
    '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}',
};

export const VECTORS: Vector[] = [
  MINI_PROGRAM,
  {
    ...MINI_PROGRAM,
    name: 'C: its reply',
    timestamp: '1713424427',
    signature: '1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1',
    encrypted: 'ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==',
    random: '707722b803182950',
    message: '{"demo_resp":"good luck"}',
  },
  {
    ...MINI_PROGRAM,
    name: 'E: a reply of a third-party platform',
    receiver: 'wx134c8103faa5a59e',
    timestamp: '1713424427',
    signature: '03e0812039325c2712ef5f0f980fd14c70d6e307',
    encrypted:
      'hE8R6mGXHkJJjU72KxzKUd1GEkKJaEZq7vRL8XgK3o+00k8JGq6+pZJUIlTSyhsX+bxIBQ72g3GyvDdIZcr6+3HAZbSvPT9t/o11MI7d6WELwqrGd7jMnV0zv3Zc9Nq7',
    random: '999951349e8ee746',
    message: '<xml><demo_resp>[CDATA[good luck]]</demo_resp></xml>',
  },
  {
    name: 'H: a whole block of padding',
    token: 'doorsToken',
    key: LETTERS_KEY,
    receiver: 'wx134c8103faa5a59e',
    timestamp: '1413192605',
    nonce: '1320562132',
    signature: 'a2fcbe473ec06845464c8de596136f01439edff8',
    encrypted:
      'Q3stYC6hdFzMh9T8HCvyDJvCz6tEgcE6uLqK7MOJb2P5xw6Jft4xK19C9u9wTG6nPWLMfq0CR5JI/bZIrKsVb/l4J6sZkUp5T/HTYhFy8iPCeGcjYnaw73uPLSV6m0Fvl9UDlbvgQ+CCHN/p/r9gAYJRVebAcsAOcym6PlJJXVpgzGOWeN3X/mp5+mwMpfWxPJ01/l0IEwwxWNd8RU1SvRKHVsxqHR/Pwxabo1rNbpf3ugj9cHjs1sGpszDhzPZPB91I9WAGL+yGIRaoi7AkzXtug93tnuYdc32Ju7/3bh/uKAG/qEHsEzVt5f9lI0Y2rhNrbgXDwshmZ6KS9ID8mg==',
    random: '0123456789abcdef',
    message:
      '<xml><AppId>wx134c8103faa5a59e</AppId><CreateTime>1413192605</CreateTime><InfoType>component_verify_ticket</InfoType><ComponentVerifyTicket>ticket@@@made-up</ComponentVerifyTicket></xml>',
  },
];

/** V-D: only the ends of its message are published, in the facts. */
export const PLATFORM_PUSH = {
  token: 'AAAAA',
  key: ZERO_KEY,
  receiver: 'wx134c8103faa5a59e',
  timestamp: '1715943329',
  nonce: '1590219412',
  plainSignature: 'cc0c594499c1634947d5b502f158ee518947db27',
  signature: '6c12a4205838198b8fa631b3220723bb07f1015c',
  encrypted:
    'D7yzvUNAL930rd28wf21s4hvXhz0L6Uit/p2Di6C5DHyYGpEgdBRnKjBec34JwoQXicwaZC7fOVihW80F4VtsdvE//1vr7oAbqjDv8KenVp+ajKYpJnyQ4zMRhIC+a31fCVOMC03FfzV/QuC94kBP55a+Za3sJgvAn+ZbsNqZI5DkyuzkhQN8OBqCzFhizGmy0xpM0MEA4agpvE+RuNO1rhHTtuJB5yltw1FiYzecSXJ+y/D2r81VkRn2eYjh2ltsoyfbDR7Is6ookXIFxTfyeNyeHxMeT4KN5WpCDmSbTcUYrbBUlkGLJ9n/rU8YOywma6G7aTb7KZKOqCxgfoUlYEZPk4FUL/TK7ShriFDMVCLyjQJ15Ob++agDWtcxhfUfe6HIoIpRW8mKNBQiY/Jd1svvuskA1wLef1RTtzKfMpagSCX/laZINmdnX4zrF6kIaR9P4xQrWXbsTFHTYe0Mg==',
  length: 292,
};

/** V-G, of WxJava: letters of three bytes. */
export const UTF8 = {
  key: LETTERS_KEY,
  receiver: 'wxb11529c136998cb6',
  random: 'aaaabbbbccccdddd',
  message: '我是中文abcd123',
  encrypted: 'jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg==',
};

/** V-F, of wechatpy: what WeCom encrypts in its address check. */
export const WECOM_CHECK = {
  token: '123456',
  key: 'kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR',
  receiver: 'wx49f0ab532d5d035a',
  timestamp: '1411443780',
  nonce: '437374425',
  encrypted: '4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q==',
  signature: 'dd6b9c95b495b3f7e2901bfbc76c664930ffdb96',
  message: '5927782489442352469',
};
