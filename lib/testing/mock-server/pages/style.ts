// How the pages look: WeChat's green, much white, readable on a phone and on a desktop.

export const STYLE = `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;background:#ededed;color:#191919;
font:16px/1.6 -apple-system,BlinkMacSystemFont,"PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif}
.mock{background:#fff7e0;color:#8a5a00;font-size:13px;line-height:20px;padding:6px 16px;text-align:center;border-bottom:1px solid #f3e3b4}
.mock b{font-weight:600}
main{flex:1;width:100%;max-width:480px;margin:0 auto;background:#fff;padding:40px 28px 32px;display:flex;flex-direction:column}
h1{margin:0;font-size:22px;line-height:1.4;font-weight:600;text-align:center}
p{margin:0}
.lead{margin-top:10px;color:#737373;font-size:15px;text-align:center;text-wrap:balance}
.ask+.lead{text-align:left}
.app{display:flex;align-items:center;gap:10px;font-size:17px;font-weight:500;margin-bottom:28px}
.app i{flex:none;width:40px;height:40px;border-radius:8px;background:#07c160;color:#fff;font-style:normal;font-size:20px;line-height:40px;text-align:center}
.ask{font-size:22px;line-height:1.4;font-weight:600;text-align:left}
.card{display:flex;align-items:center;gap:14px;margin-top:24px;padding:14px 16px;border-radius:10px;background:#f7f7f7}
.card img,.people img{flex:none;width:48px;height:48px;border-radius:6px;display:block}
.card span,.people span{min-width:0;flex:1;overflow:hidden;text-overflow:ellipsis}
.card small,.people small{display:block;color:#8a8a8a;font-size:13px;line-height:18px}
.tick{flex:none;width:22px;height:22px}
.buttons{margin-top:auto;padding-top:48px;display:flex;flex-direction:column;align-items:center;gap:14px}
form{margin:0}
button{font:inherit;cursor:pointer;-webkit-appearance:none;appearance:none}
button:focus-visible{outline:3px solid #07c16066;outline-offset:2px}
.go,.no{width:184px;padding:9px 12px;border:0;border-radius:8px;font-size:17px;font-weight:500}
.go{background:#07c160;color:#fff}
.go:hover{background:#06ad56}
.no{background:#f2f2f2;color:#06ae56}
.no:hover{background:#e6e6e6}
.link{border:0;background:none;padding:6px 10px;color:#576b95;font-size:14px}
.people{list-style:none;margin:28px 0 0;padding:0;border-top:1px solid #ededed}
.people li{border-bottom:1px solid #ededed}
.people button{display:flex;align-items:center;gap:14px;width:100%;padding:12px 4px;border:0;background:none;text-align:left;color:inherit}
.people button:hover{background:#f7f7f7}
.people svg{flex:none;width:8px;height:14px}
.icon{display:block;width:72px;height:72px;margin:24px auto 22px}
.hint{margin-top:36px;padding:14px 16px;border-radius:10px;background:#fff7e0;color:#6f4a00;font-size:14px;line-height:1.6;overflow-wrap:anywhere}
.hint b{display:block;font-weight:600}
.code{margin-top:6px;color:#8a8a8a;font-size:13px;text-align:center}
.wide main{max-width:760px}
.split{display:grid;grid-template-columns:260px 1fr;gap:48px;margin-top:32px;align-items:start}
.frame{padding:16px;border:1px solid #e2e2e2;border-radius:12px;background:#fff}
.frame svg{display:block;width:100%;height:auto}
.scan{margin-top:14px;text-align:center;color:#737373;font-size:14px}
.note{margin-top:6px;color:#8a8a8a;font-size:13px}
.split h2{margin:0;font-size:16px;font-weight:600}
.split .people{margin-top:12px}
@media (min-width:700px){body:not(.wide) main,.wide main{flex:none;margin:48px auto;border-radius:14px;box-shadow:0 2px 18px #0000000f}
body:not(.wide) main{min-height:560px}.wide main{padding:48px}}
@media (max-width:699px){.split{grid-template-columns:1fr;gap:32px}.split>section:first-child{width:236px;margin:0 auto}}
`;
