// What the desk looks like besides: sections of lists, for a phone first.

export const DESK_STYLE = `
.desk h1,.desk .lead{text-align:left}
.desk section{margin-top:36px}
.desk h2{display:flex;align-items:baseline;gap:10px;margin:0 0 10px;font-size:17px;font-weight:600}
.desk h2 small{color:#8a8a8a;font-size:13px;font-weight:400}
.desk code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.desk a{color:#576b95;text-decoration:none}
.desk a:hover{text-decoration:underline}
.top{display:flex;justify-content:space-between;align-items:baseline;gap:16px}
.top a{flex:none;font-size:14px}
.rows{list-style:none;margin:0;padding:0;border-top:1px solid #ededed}
.rows>li{padding:12px 0;border-bottom:1px solid #ededed}
.rows .line{display:flex;flex-wrap:wrap;align-items:baseline;gap:2px 12px}
.rows .line b{font-weight:500}
.rows .line .far{margin-left:auto;font-size:14px}
.rows small{display:block;color:#8a8a8a;font-size:13px;line-height:20px;overflow-wrap:anywhere}
.rows .person{display:flex;gap:14px;align-items:center}
.rows .person img{flex:none;border-radius:6px;display:block}
.rows .person div{min-width:0;flex:1;overflow-wrap:anywhere}
.codes{display:flex;flex-wrap:wrap;gap:2px 14px;font-size:14px}
.good{color:#06ae56}
.bad{color:#d9480f}
.none{color:#8a8a8a;font-size:14px}
.waiting{margin-bottom:20px;padding:14px 16px;border-radius:10px;background:#fff7e0;color:#6f4a00;font-size:14px}
.waiting ul{margin:0 0 12px;padding:0;list-style:none}
.waiting li{padding:2px 0;overflow-wrap:anywhere}
.small{border:0;border-radius:8px;padding:7px 16px;background:#07c160;color:#fff;font-size:15px;font-weight:500}
.small:hover{background:#06ad56}
.small.off{background:#fff;color:#b4540a}
.small.off:hover{background:#fdf0d5}
summary{cursor:pointer;padding:11px 0;overflow-wrap:anywhere}
summary:focus-visible,.desk a:focus-visible{outline:3px solid #07c16066;outline-offset:2px;border-radius:4px}
.rows>li:has(>details){padding:0}
.choose{display:grid;grid-template-columns:2fr 1fr 1fr;gap:12px;padding:2px 0 18px;align-items:end}
.choose label{font-size:13px;color:#737373}
.choose select,.choose input[type=number]{display:block;width:100%;margin-top:4px;padding:8px 10px;border:1px solid #d9d9d9;border-radius:8px;background:#fff;color:#191919;font:inherit;font-size:15px;min-height:42px}
.choose .check{grid-column:1/-2;display:flex;align-items:center;gap:8px;font-size:14px}
.choose .check input{width:18px;height:18px;accent-color:#07c160}
@media (max-width:699px){.rows .line code.far{flex-basis:100%;margin-left:0}.choose{grid-template-columns:1fr 1fr}.choose label:first-of-type{grid-column:1/-1}.choose .check{grid-column:1/-1}.choose button{grid-column:1/-1}}
`;
