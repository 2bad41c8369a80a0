// How a problem page looks: one style sheet, in the colour of the application where it has one.

const WECHAT_GREEN = '#07c160';

/** Looks at home in WeChat, whose dark mode it follows. @param color `#` and six hex digits */
export function pageStyle(color: string = WECHAT_GREEN): string {
  return (
    ':root{color-scheme:light dark;--page:#ededed;--card:#fff;--text:#191919;--soft:#6b6b6b}' +
    '@media(prefers-color-scheme:dark){:root{--page:#111;--card:#1e1e1e;--text:#d5d5d5;--soft:#9a9a9a}}' +
    '*{box-sizing:border-box}body{margin:0;min-height:100vh;padding:14vh 20px 40px;background:var(--page);color:var(--text);' +
    'font:16px/1.6 -apple-system,BlinkMacSystemFont,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}' +
    'header{display:flex;align-items:center;justify-content:center;gap:12px;max-width:400px;margin:-6vh auto 24px;font-size:18px;font-weight:600;overflow-wrap:anywhere}' +
    'header img{display:block;height:56px;max-width:160px;object-fit:contain}' +
    'main{max-width:400px;margin:0 auto;padding:44px 28px 28px;border-radius:16px;background:var(--card);text-align:center;overflow-wrap:anywhere}' +
    'svg{display:block;width:56px;height:56px;margin:0 auto 20px}h1{margin:0;font-size:22px;line-height:1.4;font-weight:600}' +
    'p{margin:10px 0 0;color:var(--soft);text-wrap:balance}' +
    'input{display:block;width:100%;margin-top:28px;padding:10px 12px;border:1px solid #8884;border-radius:8px;background:none;color:inherit;font:inherit;text-overflow:ellipsis}' +
    `a,button{display:inline-block;min-width:184px;margin-top:32px;padding:10px 24px;border:0;border-radius:8px;background:${color};color:${textOn(color)};font:inherit;font-weight:500;text-decoration:none;cursor:pointer}` +
    'button{margin-top:16px}button[hidden]{display:none}a.home{margin-top:12px;background:none;color:var(--soft)}a:not(.home):hover,button:hover{filter:brightness(.92)}' +
    `a:focus-visible,button:focus-visible,input:focus-visible{outline:3px solid ${color}66;outline-offset:2px}` +
    'small{display:block;margin-top:36px;color:var(--soft);font:12px/1.5 ui-monospace,Menlo,Consolas,monospace}'
  );
}

/**
 * White on WeChat's green, as WeChat has it; on other colours whichever can be read better.
 * @see https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
 */
function textOn(color: string): string {
  if (color === WECHAT_GREEN) return '#fff';
  const luminance = [0.2126, 0.7152, 0.0722].reduce((sum, weight, index) => {
    const part = Number.parseInt(color.slice(1 + 2 * index, 3 + 2 * index), 16) / 255;
    return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
  const [onWhite, onBlack] = [1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05];
  return onWhite >= onBlack ? '#fff' : '#000';
}
